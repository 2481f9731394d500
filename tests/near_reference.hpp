// Holds a Plan of a cpu device against the reference, tensor by tensor, within the tolerances of
// validation.
#pragma once

#include <gtest/gtest.h>

#include "run_plan.hpp"
#include "validate/tolerance.hpp"

namespace takt::reference_test {

template <class Real>
void round_numbers(Layer& layer) {
  for (Values* values : {&layer.x, &layer.h0, &layer.c0, &layer.W, &layer.R, &layer.bW, &layer.bR})
    *values = rounded_to<Real>(*values);
}

template <class Real>
void round_numbers(LayerUpstream& upstream) {
  for (Values* values : {&upstream.dy, &upstream.dhT, &upstream.dcT, &upstream.dc_all})
    *values = rounded_to<Real>(*values);
}

inline void expect_near(const char* tensor, const Values& found, const Values& expected,
                        double tolerance) {
  ASSERT_EQ(found.size(), expected.size()) << tensor;
  validate::ErrorMeter meter;
  for (std::size_t n = 0; n < found.size(); ++n) meter.add(found[n], expected[n]);
  EXPECT_LE(meter.error(), tolerance) << tensor;
}

template <class Real>
validate::Terms terms_of(const Layer& layer) {
  return validate::terms_of(layer.cell, data_type_of<Real>, {layer.T, layer.B, layer.I, layer.H});
}

template <class Real>
void expect_near_reference(const Layer& layer, const reference::Result& found) {
  const reference::Result expected = reference::forward(layer.problem());
  const double tolerance = validate::tolerance(data_type_of<Real>, terms_of<Real>(layer).forward);
  expect_near("y", found.y, expected.y, tolerance);
  expect_near("hT", found.hT, expected.hT, tolerance);
  expect_near("cT", found.cT, expected.cT, tolerance);
  expect_near("c_all", found.c_all, expected.c_all, tolerance);
}

template <class Real>
void expect_near_reference(const Layer& layer, const LayerUpstream& upstream,
                           const reference::Gradients& found) {
  const reference::Gradients expected = reference::backward(layer.problem(), upstream.pointers());
  const validate::Terms terms = terms_of<Real>(layer);
  const auto tolerance = [](std::int64_t sum) {
    return validate::tolerance(data_type_of<Real>, sum);
  };
  expect_near("dx", found.dx, expected.dx, tolerance(terms.backward));
  expect_near("dh0", found.dh0, expected.dh0, tolerance(terms.backward));
  expect_near("dc0", found.dc0, expected.dc0, tolerance(terms.backward));
  expect_near("dW", found.dW, expected.dW, tolerance(terms.weights));
  expect_near("dR", found.dR, expected.dR, tolerance(terms.weights));
  expect_near("dbW", found.dbW, expected.dbW, tolerance(terms.biases));
  expect_near("dbR", found.dbR, expected.dbR, tolerance(terms.biases));
}

}  // namespace takt::reference_test
