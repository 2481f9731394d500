// More steps than 65,535, where cuDNN ends, and offsets past 2^31 elements.
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "call_arrays.hpp"
#include "call_kinds.hpp"
#include "cell_names.hpp"
#include "near_reference.hpp"
#include "sanitizers.hpp"

namespace takt::test {
namespace {

using reference_test::expect_near_reference;
using reference_test::Layer;
using reference_test::LayerUpstream;
using reference_test::run_plan;

template <class Real>
Layer long_layer(const std::string& cell, std::int64_t T, std::int64_t H) {
  const CellInfo& info = find_cell(cell);
  Layer layer({info.name, info.gates, info.inner_states()}, T, 1, 2, H);
  std::mt19937_64 generator(3);
  layer.randomize(generator);
  reference_test::round_numbers<Real>(layer);
  return layer;
}

template <class Real>
void expect_both_passes_near_reference(const std::string& cell, std::int64_t T, std::int64_t H) {
  const Layer layer = long_layer<Real>(cell, T, H);
  std::mt19937_64 generator(4);
  LayerUpstream upstream(layer, generator);
  reference_test::round_numbers<Real>(upstream);
  const auto found = run_plan<Real>(layer, &upstream);
  expect_near_reference<Real>(layer, found.result);
  expect_near_reference<Real>(layer, upstream, found.gradients);
}

class LongSequence : public testing::TestWithParam<std::string> {};

TEST_P(LongSequence, Inference) {
  const Layer narrow = long_layer<float>(GetParam(), 70'001, 3);
  const Layer wide = long_layer<double>(GetParam(), 70'001, 3);
  expect_near_reference<float>(narrow, run_plan<float>(narrow, nullptr).result);
  expect_near_reference<double>(wide, run_plan<double>(wide, nullptr).result);
}

TEST_P(LongSequence, ForwardAndBackward) {
  expect_both_passes_near_reference<float>(GetParam(), 70'001, 3);
  expect_both_passes_near_reference<double>(GetParam(), 70'001, 3);
}

/// Sums over so many steps that one which rounds each time would be far off.
TEST(LongSums, OfWeightGradients) {
  expect_both_passes_near_reference<float>("gru", 300'000, 1);
  expect_both_passes_near_reference<double>("gru", 300'000, 1);
}

INSTANTIATE_TEST_SUITE_P(Cells, LongSequence, testing::ValuesIn(cell_names()),
                         [](const auto& info) { return info.param; });

/// Address space whose pages take no memory until they are touched.
class Sparse {
 public:
  explicit Sparse(std::size_t bytes)
      : bytes_(bytes),
        data_(mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {}
  Sparse(const Sparse&) = delete;
  Sparse& operator=(const Sparse&) = delete;
  ~Sparse() {
    if (is_there()) munmap(data_, bytes_);
  }
  bool is_there() const { return data_ != MAP_FAILED; }
  float* data() const { return static_cast<float*>(data_); }

 private:
  std::size_t bytes_;
  void* data_;
};

/// Columns of one buffer of T * B rows.
struct Columns {
  float* begin;
  std::int64_t stride, width;

  Rows rows() const { return {begin, stride}; }
  void take(const Array& dense) const {
    for (std::int64_t row = 0; row < dense.size() / width; ++row)
      std::memcpy(begin + row * stride, static_cast<const float*>(dense.data()) + row * width,
                  static_cast<std::size_t>(width) * sizeof(float));
  }
  void give(Array& dense) const {
    for (std::int64_t row = 0; row < dense.size() / width; ++row)
      std::memcpy(static_cast<float*>(dense.data()) + row * width, begin + row * stride,
                  static_cast<std::size_t>(width) * sizeof(float));
  }
};

/// Both passes, with all rows as columns of `memory`; results are left in the arrays.
void run_in_columns(const Plan& plan, CallArrays& arrays, float* memory, std::int64_t stride) {
  const std::int64_t I = plan.spec().input_size, H = plan.spec().hidden_size;
  const Columns x{memory, stride, I}, y{memory + 64, stride, H}, c_all{memory + 128, stride, H},
      dy{memory + 192, stride, H}, dc_all{memory + 256, stride, H}, dx{memory + 320, stride, I};
  x.take(arrays.x);
  dy.take(arrays.dy);
  dc_all.take(arrays.dc_all);
  Inputs inputs = arrays.inputs();
  inputs.x = x.rows();
  Outputs outputs = arrays.outputs();
  outputs.y = y.rows();
  outputs.c_all = c_all.rows();
  Upstream upstream = arrays.upstream();
  upstream.dy = dy.rows();
  upstream.dc_all = dc_all.rows();
  Gradients gradients = arrays.gradients_of();
  gradients.dx = dx.rows();
  const Stream stream(plan.device());
  plan.forward(inputs, outputs, arrays.memory, stream);
  plan.backward(inputs, outputs, upstream, gradients, arrays.memory, stream);
  y.give(arrays.y);
  c_all.give(arrays.c_all);
  dx.give(arrays.dx);
}

/// Elements from one row to the next; behind 2^31 the stride alone is too large for an int.
class FarRows : public testing::TestWithParam<std::int64_t> {};

TEST_P(FarRows, HaveTheBitsOfDenseOnes) {
#if defined(TAKT_HEAP_OF_SANITIZER)
  GTEST_SKIP() << "not run under a sanitizer";
#endif
  constexpr Dims dims{4, 2};
  const std::int64_t stride = GetParam();
  ASSERT_GT((dims.T * dims.B - 1) * stride, std::int64_t{1} << 31);
  const Sparse memory(static_cast<std::size_t>(dims.T * dims.B * stride) * sizeof(float));
  if (!memory.is_there()) GTEST_SKIP() << "this system gives no address space of such a size";
  const Device device = Device::cpu({.threads = 2});
  for (RnnSpec spec : kinds_of("lstm")) {
    if (spec.type != DataType::f32) continue;
    spec.hidden_size = 5;
    SCOPED_TRACE(to_string(spec));
    const Plan plan(spec, dims, Mode::training, device);
    CallArrays dense(plan, 1), far(plan, 1);
    dense.forward(plan);
    dense.backward(plan);
    run_in_columns(plan, far, memory.data(), stride);
    EXPECT_EQ(far.results(), dense.results());
  }
}

INSTANTIATE_TEST_SUITE_P(Strides, FarRows,
                         testing::Values((std::int64_t{1} << 29) + 1, (std::int64_t{1} << 31) + 1),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace takt::test
