// Programs for refusal tests: a plan and a valid call of it, which a case then breaks in one place.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <typeinfo>
#include <vector>

#include <gtest/gtest.h>

#include <takt/takt.hpp>

namespace takt::refusal_test {

/// A sentence in full. "{scratch}" and "{saved}" stand for the plan's bytes, "{scratch-1}" and
/// "{saved-1}" for one less.
using Sentence = const char*;

/// What forward says of packed weights of another plan.
inline constexpr Sentence foreign_packed_weights =
    "takt: forward: 'packed' holds no weights that Plan::pack wrote for this cell, type, I, H, "
    "input, bias and instruction set; pack them first";

/// What a plan is made from.
struct PlanSetup {
  RnnSpec spec{.cell = "lstm", .input_size = 3, .hidden_size = 6};
  Dims largest{5, 4};
  Mode mode = Mode::training;
  Dims memory = largest;  ///< T and B for which the call's tensors have memory
};

/// Memory with a pattern in it, aligned as scratch must be.
class Block {
 public:
  explicit Block(std::int64_t bytes)
      : bytes_(static_cast<std::size_t>(bytes)),
        data_(static_cast<std::byte*>(std::aligned_alloc(256, bytes_ / 256 * 256 + 256))) {
    std::fill_n(data_.get(), bytes_ / 256 * 256 + 256, std::byte{0x5a});
  }

  std::byte* data() const { return data_.get(); }
  std::vector<std::byte> content() const { return {data_.get(), data_.get() + bytes_}; }

 private:
  struct Free {
    void operator()(std::byte* data) const { std::free(data); }
  };
  std::size_t bytes_;
  std::unique_ptr<std::byte[], Free> data_;
};

/// Memory for the packed weights of any plan of these tests, so that a size refuses none.
struct RoomForPacked {
  alignas(Plan::alignment) std::byte bytes[1 << 16];
  // NOLINTBEGIN(google-explicit-constructor)
  operator Bytes() & { return {bytes, sizeof bytes}; }
  operator ConstBytes() const& { return {bytes, sizeof bytes}; }
  // NOLINTEND(google-explicit-constructor)
};

/// `bytes` further, in elements of the same type; the size is taken on trust.
inline Pointer shifted(const Pointer& pointer, std::int64_t bytes) {
  return {static_cast<std::byte*>(pointer.data()) + bytes, pointer.type(), -1, std::nullopt};
}
inline ConstPointer shifted(const ConstPointer& pointer, std::int64_t bytes) {
  return {static_cast<const std::byte*>(pointer.data()) + bytes, pointer.type(), -1, std::nullopt};
}
/// The same memory, to be written where it should only be read.
inline Pointer writable(const ConstPointer& pointer) {
  return {const_cast<void*>(pointer.data()), pointer.type(), -1, std::nullopt};
}
/// The same memory with another size, in elements.
inline Pointer resized(const Pointer& pointer, std::int64_t size) {
  return {pointer.data(), pointer.type(), size, std::nullopt};
}
inline ConstPointer resized(const ConstPointer& pointer, std::int64_t size) {
  return {pointer.data(), pointer.type(), size, std::nullopt};
}

/// A plan on one thread, and a valid call of it with every tensor that it may take.
class Program {
 public:
  explicit Program(const PlanSetup& setup);

  Device device = Device::cpu({.threads = 1});
  Stream own_stream{device};
  Plan plan;
  Inputs inputs;
  Outputs outputs;
  Upstream upstream;
  Gradients gradients;
  MemoryView memory;
  StreamRef stream{own_stream};

  void forward() const { plan.forward(inputs, outputs, memory, stream); }
  void backward() const { plan.backward(inputs, outputs, upstream, gradients, memory, stream); }

  void set(ConstPointer LayerWeights::*member, const ConstPointer& value) {
    LayerWeights layer = inputs.weights[0];
    layer.*member = value;
    inputs.weights = {layer};
  }
  void set(Pointer LayerGradients::*member, const Pointer& value) {
    LayerGradients layer = gradients.weights[0];
    layer.*member = value;
    gradients.weights = {layer};
  }

  /// Memory for `size` more elements of the plan's type.
  Pointer more(std::int64_t size);
  /// Lengths of all rows, and one that is `value`.
  void set_length(std::int64_t b, std::int32_t value);

  /// The lengths of four rows, put into elements 20 to 23 of a tensor.
  const std::int32_t* lengths_in(const Pointer& tensor) const;

  /// All memory of the call, byte for byte.
  std::vector<std::vector<std::byte>> content() const {
    std::vector<std::vector<std::byte>> all;
    for (const Block& block : blocks_) all.push_back(block.content());
    return all;
  }
  /// The sentence with the plan's numbers in it.
  std::string filled_in(Sentence sentence) const;

  std::vector<std::int32_t> lengths;
  std::vector<std::uint8_t> resets;
  std::optional<Array> array;  ///< for cases that pass one

 private:
  void make_forward(const RnnSpec& spec, const CellInfo& cell, Dims dims);
  void make_backward(const RnnSpec& spec, const CellInfo& cell, Dims dims);
  Pointer values(std::int64_t size);

  std::vector<Block> blocks_;
};

inline Pointer Program::more(std::int64_t size) {
  const DataType type = plan.spec().type;
  const auto bytes = size * static_cast<std::int64_t>(size_of(type));
  return {blocks_.emplace_back(bytes).data(), type, size, std::nullopt};
}

/// Memory with small numbers in it.
inline Pointer Program::values(std::int64_t size) {
  const Pointer memory_of_values = more(size);
  for (std::int64_t n = 0; n < size; ++n) {
    const double value = 0.05 * static_cast<double>((7 * n + 3) % 31 - 15);
    if (plan.spec().type == DataType::f64)
      memory_of_values.as<double>()[n] = value;
    else
      memory_of_values.as<float>()[n] = static_cast<float>(value);
  }
  return memory_of_values;
}

inline void Program::make_forward(const RnnSpec& spec, const CellInfo& cell, Dims dims) {
  const std::int64_t T = dims.T, B = dims.B, I = spec.input_size, H = spec.hidden_size;
  const std::int64_t C = cell.inner_states(), GH = cell.gates * H;
  LayerWeights layer{.W = values(GH * I), .R = values(GH * H)};
  if (spec.bias == Bias::input || spec.bias == Bias::both) layer.bW = values(GH);
  if (spec.bias == Bias::recurrent || spec.bias == Bias::both) layer.bR = values(GH);
  inputs = {.x = values(T * B * I), .h0 = values(B * H), .weights = {layer}};
  outputs = {.y = more(T * B * H), .hT = more(B * H)};
  if (C == 0) return;
  inputs.c0 = values(C * B * H);
  outputs.cT = more(C * B * H);
  outputs.c_all = more(C * T * B * H);
}

inline void Program::make_backward(const RnnSpec& spec, const CellInfo& cell, Dims dims) {
  const std::int64_t T = dims.T, B = dims.B, I = spec.input_size, H = spec.hidden_size;
  const std::int64_t C = cell.inner_states(), GH = cell.gates * H;
  LayerGradients layer{.W = more(GH * I), .R = more(GH * H)};
  if (spec.bias == Bias::input || spec.bias == Bias::both) layer.bW = more(GH);
  if (spec.bias == Bias::recurrent || spec.bias == Bias::both) layer.bR = more(GH);
  upstream = {.dy = values(T * B * H), .dhT = values(B * H)};
  gradients = {.dx = more(T * B * I), .dh0 = more(B * H), .weights = {layer}};
  if (C == 0) return;
  upstream.dcT = values(C * B * H);
  upstream.dc_all = values(C * T * B * H);
  gradients.dc0 = more(C * B * H);
}

inline Program::Program(const PlanSetup& setup)
    : plan(setup.spec, setup.largest, setup.mode, device),
      lengths(static_cast<std::size_t>(setup.memory.B), static_cast<std::int32_t>(setup.memory.T)),
      resets(static_cast<std::size_t>(setup.memory.T * setup.memory.B)) {
  const CellInfo& cell = find_cell(setup.spec.cell);
  make_forward(setup.spec, cell, setup.memory);
  make_backward(setup.spec, cell, setup.memory);
  // Plans far beyond this machine are refused before they touch their memory.
  constexpr std::int64_t most = std::int64_t{1} << 22;
  const auto block = [&](std::int64_t bytes) -> Bytes {
    if (bytes == 0) return nullptr;
    return {blocks_.emplace_back(std::min(bytes, most)).data(), bytes};
  };
  memory = {.scratch = block(plan.scratch_bytes()), .saved = block(plan.saved_bytes())};
}

inline void Program::set_length(std::int64_t b, std::int32_t value) {
  lengths[static_cast<std::size_t>(b)] = value;
  inputs.lengths = lengths.data();
}

inline const std::int32_t* Program::lengths_in(const Pointer& tensor) const {
  auto* begin = static_cast<std::int32_t*>(tensor.data()) + 20;
  std::copy(lengths.begin(), lengths.end(), begin);
  return begin;
}

inline std::string Program::filled_in(Sentence sentence) const {
  std::string text = sentence;
  const auto put = [&](const std::string& what, std::int64_t number) {
    for (std::size_t at; (at = text.find(what)) != std::string::npos;)
      text.replace(at, what.size(), std::to_string(number));
  };
  put("{scratch}", plan.scratch_bytes());
  put("{scratch-1}", plan.scratch_bytes() - 1);
  put("{saved}", plan.saved_bytes());
  put("{saved-1}", plan.saved_bytes() - 1);
  return text;
}

/// Runs `act`, which must throw exactly `Exception`, with this sentence and no other.
template <class Exception, class Act>
void expect_refusal(const Act& act, const std::string& sentence) {
  try {
    act();
    ADD_FAILURE() << "not refused; expected: " << sentence;
  } catch (const std::exception& error) {
    EXPECT_EQ(sentence, error.what());
    EXPECT_EQ(typeid(Exception), typeid(error));
    if (const auto* argument_error = dynamic_cast<const ArgumentError*>(&error)) {
      EXPECT_TRUE(sentence.starts_with("takt: " + argument_error->where() + ": "));
      EXPECT_FALSE(argument_error->argument().empty());
      EXPECT_NE(sentence.find(argument_error->argument()), std::string::npos);
    }
  }
}

/// One way to break a call: what differs in the plan, what differs in the call, what is said.
struct CallCase {
  const char* name;
  void (*set_up)(PlanSetup& setup) = [](PlanSetup&) {};
  void (*change)(Program& program);
  Sentence sentence;

  friend void PrintTo(const CallCase& broken, std::ostream* stream) { *stream << broken.name; }
};

inline std::string case_name(const testing::TestParamInfo<CallCase>& info) {
  return info.param.name;
}

/// Breaks the program, makes the call, and looks whether any byte of its memory has changed.
template <class Call>
void expect_refused_call(const CallCase& broken, const Call& call) {
  PlanSetup setup;
  broken.set_up(setup);
  Program program(setup);
  broken.change(program);
  const auto before = program.content();
  const auto lengths = program.lengths;
  expect_refusal<ArgumentError>([&] { call(program); }, program.filled_in(broken.sentence));
  EXPECT_TRUE(before == program.content()) << "a refused call has written";
  EXPECT_EQ(lengths, program.lengths);
}

}  // namespace takt::refusal_test
