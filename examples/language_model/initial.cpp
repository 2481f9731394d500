// Initial values, as doubles of the host.
#include "initial.hpp"

#include <cmath>
#include <vector>

#include "random.hpp"

namespace language_model {
namespace {

/// Values of one parameter, from a sequence of its own.
class Draws {
 public:
  Draws(std::uint64_t seed, std::size_t parameter)
      : sequence_(sequence(seed, Purpose::initial_value, parameter)) {}

  double uniform(double bound) { return bound * (2 * next() - 1); }
  double normal() {  // Box and Muller (1958)
    constexpr double turn = 6.283185307179586;
    const double radius = std::sqrt(-2 * std::log(next() + 0x1p-25));  // never of 0, nor of 1
    return radius * std::cos(turn * next());
  }

 private:
  double next() { return unit_interval(random_bits(sequence_, position_++)); }

  std::uint64_t sequence_, position_ = 0;
};

double dot(const double* a, const double* b, std::int64_t size) {
  double sum = 0;
  for (std::int64_t k = 0; k < size; ++k) sum += a[k] * b[k];
  return sum;
}

/// Makes rows of normal values orthonormal, by the modified method of Gram and Schmidt.
void make_orthogonal(double* matrix, std::int64_t size, Draws& draws) {
  for (std::int64_t j = 0; j < size; ++j) {
    double* row = matrix + j * size;
    for (std::int64_t k = 0; k < size; ++k) row[k] = draws.normal();
    for (std::int64_t other = 0; other < j; ++other) {
      const double share = dot(row, matrix + other * size, size);
      for (std::int64_t k = 0; k < size; ++k) row[k] -= share * matrix[other * size + k];
    }
    const double length = std::sqrt(dot(row, row, size));
    for (std::int64_t k = 0; k < size; ++k) row[k] /= length;
  }
}

std::vector<double> values_of(const Parameter& parameter, const ModelSizes& sizes,
                              const Initial& initial, Draws draws) {
  std::vector<double> values(static_cast<std::size_t>(parameter.size));
  const std::int64_t H = sizes.hidden;
  switch (parameter.role) {
    case Role::embedding:
      for (double& value : values) value = draws.uniform(1);
      break;
    case Role::input:
    case Role::output:
      for (double& value : values)
        value = draws.uniform(1 / std::sqrt(static_cast<double>(parameter.shape[1])));
      break;
    case Role::recurrent:
      for (std::int64_t gate = 0; initial.recurrence && gate < parameter.shape[0] / H; ++gate)
        make_orthogonal(values.data() + gate * H * H, H, draws);
      break;
    case Role::forget_bias:
      std::fill_n(values.begin() + H, H, 1.0);  // of i f g o
      break;
    case Role::bias: break;
  }
  return values;
}

}  // namespace

void initialise(Parameters& parameters, const Initial& initial, Operations& operations) {
  std::size_t n = 0;
  for (const Parameter& parameter : parameters.list())
    operations.copy_to_device(
        values_of(parameter, parameters.sizes(), initial, Draws(initial.seed, n++)),
        parameters.at(parameter));
}

}  // namespace language_model
