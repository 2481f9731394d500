// Scratch and saved memory: they may hold anything when a call begins, and nothing is written past
// what the plan asked for.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "call_arrays.hpp"
#include "call_kinds.hpp"
#include "cell_names.hpp"

namespace takt::test {
namespace {

constexpr Dims dims = dims_of_kinds;

/// Units do not fill their last vector, nor rows their panel.
RnnSpec spec_of(const std::string& cell, Bias bias = Bias::both) {
  return {.cell = cell, .input_size = 3, .hidden_size = 21, .bias = bias};
}

void fill(const Bytes& memory, int byte) {
  if (memory.size > 0) std::memset(memory.data, byte, static_cast<std::size_t>(memory.size));
}

class Scratch : public testing::TestWithParam<std::string> {};

/// 0xFF in each byte is NaN in each type, and -1 in each count.
TEST_P(Scratch, MayHoldAnything) {
  const Device device = Device::cpu({.threads = 2});
  for (const Bias bias : {Bias::none, Bias::input, Bias::recurrent, Bias::both}) {
    SCOPED_TRACE(to_string(bias));
    const Plan plan(spec_of(GetParam(), bias), dims, Mode::training, device);
    std::vector<unsigned char> results[2];
    for (const int byte : {0x00, 0xFF}) {
      CallArrays arrays(plan, 1);
      make_ragged_rows(arrays);
      const MemoryView memory = arrays.memory;
      fill(memory.saved, byte);
      fill(memory.scratch, byte);
      arrays.forward(plan);
      fill(memory.scratch, byte);
      arrays.backward(plan);
      results[byte == 0 ? 0 : 1] = arrays.results();
    }
    EXPECT_EQ(results[1], results[0]);
  }
}

/// Memory of exactly `bytes`, with a pattern before and behind it.
class Guarded {
 public:
  explicit Guarded(std::int64_t bytes)
      : bytes_(static_cast<std::size_t>(bytes)), memory_(bytes_ + 3 * margin, pattern) {
    const auto address = reinterpret_cast<std::uintptr_t>(memory_.data());
    begin_ = margin + (margin - address % margin) % margin;
  }
  Bytes bytes() { return {memory_.data() + begin_, static_cast<std::int64_t>(bytes_)}; }
  /// With its surroundings.
  const std::vector<std::byte>& content() const { return memory_; }
  bool survives() const {
    const auto is_pattern = [](std::byte b) { return b == pattern; };
    const auto middle = memory_.begin() + static_cast<std::ptrdiff_t>(begin_);
    return std::all_of(memory_.begin(), middle, is_pattern) &&
           std::all_of(middle + static_cast<std::ptrdiff_t>(bytes_), memory_.end(), is_pattern);
  }

 private:
  static constexpr auto margin = static_cast<std::size_t>(Plan::alignment);
  static constexpr std::byte pattern{0xA5};
  std::size_t bytes_;
  std::vector<std::byte> memory_;
  std::size_t begin_ = 0;
};

/// A call's memory and all that it writes, guarded.
struct GuardedCall {
  explicit GuardedCall(const Plan& plan, const CallArrays& like)
      : scratch(plan.scratch_bytes()), saved(plan.saved_bytes()) {
    for (const Array* array :
         {&like.y, &like.hT, &like.cT, &like.c_all, &like.dx, &like.dh0, &like.dc0})
      tensors.emplace_back(array->size() * f32_bytes);
    for (const Array& array : like.gradients.arrays())
      tensors.emplace_back(array.size() * f32_bytes);
  }
  MemoryView memory() { return {scratch.bytes(), saved.bytes()}; }
  Outputs outputs() { return {.y = at(0), .hT = at(1), .cT = at(2), .c_all = at(3)}; }
  Gradients gradients() {
    return {.dx = at(4),
            .dh0 = at(5),
            .dc0 = at(6),
            .weights = {{.W = at(7), .R = at(8), .bW = at(9), .bR = at(10)}}};
  }
  bool survives() const {
    return scratch.survives() && saved.survives() &&
           std::all_of(tensors.begin(), tensors.end(),
                       [](const Guarded& tensor) { return tensor.survives(); });
  }

  static constexpr std::int64_t f32_bytes = 4;
  Guarded scratch, saved;
  std::vector<Guarded> tensors;

 private:
  Pointer at(std::size_t n) {
    const Bytes bytes = tensors[n].bytes();
    return bytes.size > 0 ? Pointer(static_cast<float*>(bytes.data)) : Pointer();
  }
};

TEST_P(Scratch, AndResultsAreAsLargeAsThePlanSays) {
  const Device device = Device::cpu({.threads = 2});
  const Stream stream(device);
  constexpr Dims few{2, 4};  // that pack no R
  for (const Mode mode : {Mode::inference, Mode::training})
    for (const auto& [largest, ragged] : {std::pair{dims, false}, {dims, true}, {few, false}}) {
      SCOPED_TRACE(std::string(to_string(mode)) + ", T=" + std::to_string(largest.T) +
                   (ragged ? ", ragged" : ""));
      const Plan plan(spec_of(GetParam()), largest, mode, device);
      CallArrays arrays(plan, 1);
      if (ragged) make_ragged_rows(arrays);
      GuardedCall call(plan, arrays);
      plan.forward(arrays.inputs(), call.outputs(), call.memory(), stream);
      if (mode == Mode::training)
        plan.backward(arrays.inputs(), call.outputs(), arrays.upstream(), call.gradients(),
                      call.memory(), stream);
      EXPECT_TRUE(call.survives());
    }
}

TEST_P(Scratch, OfPackedWeightsIsAsLargeAsThePlanSaysAndOnlyRead) {
  const Device device = Device::cpu({.threads = 2});
  const Stream stream(device);
  for (const Bias bias : {Bias::none, Bias::both}) {
    SCOPED_TRACE(to_string(bias));
    const Plan plan(spec_of(GetParam(), bias), dims, Mode::inference, device);
    CallArrays given(plan, 1), from_packed(plan, 1);
    given.forward(plan);
    Guarded packed(plan.packed_bytes());
    fill(packed.bytes(), 0xFF);
    plan.pack(from_packed.weights, packed.bytes(), stream);
    EXPECT_TRUE(packed.survives());
    const std::vector<std::byte> before = packed.content();
    Inputs inputs = from_packed.inputs();
    inputs.weights = {};
    inputs.packed = packed.bytes();
    plan.forward(inputs, from_packed.outputs(), from_packed.memory, stream);
    EXPECT_EQ(packed.content(), before);
    EXPECT_EQ(from_packed.results(), given.results());
  }
}

INSTANTIATE_TEST_SUITE_P(Cells, Scratch, testing::ValuesIn(cell_names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace takt::test
