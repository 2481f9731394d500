// Scratch and saved memory: they may hold anything when a call begins, and nothing is written past
// what the plan asked for.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "call_arrays.hpp"

namespace takt::test {
namespace {

constexpr Dims dims{7, 5};

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
      arrays.lengths = {7, 0, 3, 6, 1};
      arrays.resets.assign(static_cast<std::size_t>(dims.T * dims.B), 0);
      for (std::size_t n = 3; n < arrays.resets.size(); n += 4) arrays.resets[n] = 1;
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

TEST_P(Scratch, IsAsLargeAsThePlanSays) {
  const Device device = Device::cpu({.threads = 2});
  const Stream stream(device);
  for (const Mode mode : {Mode::inference, Mode::training}) {
    SCOPED_TRACE(to_string(mode));
    const Plan plan(spec_of(GetParam()), dims, mode, device);
    CallArrays arrays(plan, 1);
    Guarded scratch(plan.scratch_bytes()), saved(plan.saved_bytes());
    const MemoryView memory{scratch.bytes(), saved.bytes()};
    plan.forward(arrays.inputs(), arrays.outputs(), memory, stream);
    if (mode == Mode::training)
      plan.backward(arrays.inputs(), arrays.outputs(), arrays.upstream(), arrays.gradients_of(),
                    memory, stream);
    EXPECT_TRUE(scratch.survives());
    EXPECT_TRUE(saved.survives());
  }
}

std::vector<std::string> cell_names() {
  std::vector<std::string> names;
  for (const CellInfo& cell : known_cells()) names.emplace_back(cell.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Cells, Scratch, testing::ValuesIn(cell_names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace takt::test
