// A step of Adam (Kingma and Ba 2014) with decoupled decay, on one number, and of its average.
#pragma once

#include <cmath>

#include "both_sides.hpp"
#include "step_numbers.hpp"

namespace language_model {

struct AdamOptions {
  double beta_mean = 0.9, beta_square = 0.99, epsilon = 1e-8;
  double most_norm = 1;  ///< gradients with a larger norm are scaled down to it
};

/// What all numbers of a parameter share in a step.
template <class Real>
struct AdamFactors {
  Real rate, scale, keep, beta_mean, beta_square, correct_mean, correct_square, epsilon, average;
};

/// `decay` is of the value itself, times the learning rate.
template <class Real>
LANGUAGE_MODEL_BOTH AdamFactors<Real> adam_factors(const StepNumbers& now, double norm,
                                                   double decay, const AdamOptions& options) {
  const auto step = static_cast<double>(now.step);
  const double scale = options.most_norm / norm;
  AdamFactors<Real> by;
  by.rate = static_cast<Real>(now.learning_rate);
  by.scale = static_cast<Real>(scale < 1 ? scale : 1);
  by.keep = static_cast<Real>(1 - now.learning_rate * decay);
  by.beta_mean = static_cast<Real>(options.beta_mean);
  by.beta_square = static_cast<Real>(options.beta_square);
  by.correct_mean = static_cast<Real>(1 / (1 - std::pow(options.beta_mean, step)));
  by.correct_square = static_cast<Real>(1 / (1 - std::pow(options.beta_square, step)));
  by.epsilon = static_cast<Real>(options.epsilon);
  by.average = static_cast<Real>(now.average_decay);
  return by;
}

/// One number of a parameter, and what training keeps beside it.
template <class Real>
struct AdamNumber {
  Real value, mean, square, average;
};

template <class Real>
LANGUAGE_MODEL_BOTH AdamNumber<Real> adam_step(AdamNumber<Real> at, Real gradient,
                                               const AdamFactors<Real>& by) {
  const Real g = gradient * by.scale;
  at.mean += (1 - by.beta_mean) * (g - at.mean);
  at.square += (1 - by.beta_square) * (g * g - at.square);
  at.value = at.value * by.keep - by.rate * (at.mean * by.correct_mean) /
                                      (std::sqrt(at.square * by.correct_square) + by.epsilon);
  at.average += (1 - by.average) * (at.value - at.average);
  return at;
}

}  // namespace language_model
