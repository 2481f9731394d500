// Tensors between vectors of 16 bytes and rows with gaps give what aligned ones give.
#include <map>
#include <string>

#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "cuda_placed_layer.hpp"
#include "simt.hpp"
#include "validate/tolerance.hpp"

namespace takt {
namespace {

using placed_layer::Doubles;
using placed_layer::Layer;
using placed_layer::Placement;

std::int64_t terms_of(const std::string& tensor, const validate::Terms& terms) {
  if (tensor == "dW" || tensor == "dR") return terms.weights;
  if (tensor == "dbW" || tensor == "dbR") return terms.biases;
  return tensor[0] == 'd' ? terms.backward : terms.forward;
}

class CudaPlacement : public testing::TestWithParam<DataType> {};
INSTANTIATE_TEST_SUITE_P(Of, CudaPlacement,
                         testing::Values(DataType::f32, DataType::f64, DataType::f16,
                                         DataType::bf16),
                         [](const auto& info) { return std::string(to_string(info.param)); });

/// Where all is aligned, threads move 16 bytes; elsewhere one element. Both give the same layer.
void expect_the_aligned_results(const char* cell, DataType type) {
  constexpr Dims dims{3, 2};
  const RnnSpec spec{.cell = cell, .input_size = 8, .hidden_size = 16, .type = type};
  const auto run = [&](Placement at) {
    Layer layer(spec, dims, at);
    layer.forward();
    layer.backward();
    return layer.results();
  };
  const std::map<std::string, Doubles> wanted = run({});
  const validate::Terms terms = validate::terms_of(cell, type, {dims.T, dims.B, 8, 16});
  for (const Placement at : {Placement{1, 0}, Placement{0, 1}, Placement{1, 5}})
    for (const auto& [name, found] : run(at)) {
      validate::ErrorMeter meter;
      for (std::size_t n = 0; n < found.size(); ++n) meter.add(found[n], wanted.at(name)[n]);
      EXPECT_LE(meter.error(), validate::tolerance(type, terms_of(name, terms)))
          << cell << " " << name << ", offset " << at.offset << ", gap " << at.gap;
    }
}

/// Each cell in every other schedule.
TEST_P(CudaPlacement, OneElementOffAndOddStrides) {
  bool is_lstm = true;
  for (const simt::Schedule& schedule : simt::kernel_schedules()) {
    SCOPED_TRACE(simt::to_string(schedule));
    simt::set_schedule(schedule);
    expect_the_aligned_results(is_lstm ? "lstm" : "gru", GetParam());
    is_lstm = !is_lstm;
  }
}

}  // namespace
}  // namespace takt
