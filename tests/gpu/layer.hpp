// One layer on a GPU, emulated or not: a spec, arrays for its calls with bytes around what is
// written, and all results as bytes.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <takt/takt.hpp>

namespace takt::cuda_test {

/// A layer and its call.
struct LayerCase {
  std::string cell = "lstm";
  DataType type = DataType::f32;
  std::int64_t T = 3, B = 2, I = 5, H = 8;
  bool lengths = false, resets = false;
  /// Every tensor that a call may do without; else the least that backward is of use with.
  bool optional = true;
  bool accumulate = false;
  Layout layout = Layout::time_major;
  Direction direction = Direction::forward;
  InputMode input = InputMode::product;
  std::string algorithm = "step";  ///< as RnnSpec::algorithm

  RnnSpec spec() const {
    return {.cell = cell,
            .input_size = I,
            .hidden_size = H,
            .direction = direction,
            .input = input,
            .type = type,
            .layout = layout,
            .algorithm = algorithm};
  }
  Plan plan(const Device& device, Mode mode = Mode::training) const {
    return {spec(), {T, B}, mode, device};
  }
};

inline std::string text(const LayerCase& like) {
  return like.cell + " " + std::string(to_string(like.type)) + " " + like.algorithm + " " +
         std::string(to_string(like.layout)) + " " + std::string(to_string(like.direction)) +
         (like.lengths ? " lengths" : "") + (like.resets ? " resets" : "") +
         (like.optional ? "" : " least") + (like.accumulate ? " accumulate" : "");
}

/// One beside which the default stream does not run.
class CallersStream {
 public:
  CallersStream() { EXPECT_EQ(cudaStreamCreate(&handle_), cudaSuccess); }
  CallersStream(const CallersStream&) = delete;
  CallersStream& operator=(const CallersStream&) = delete;
  ~CallersStream() { cudaStreamDestroy(handle_); }
  operator cudaStream_t() const { return handle_; }  // NOLINT(google-explicit-constructor)

 private:
  cudaStream_t handle_ = nullptr;
};

using ByteVector = std::vector<std::byte>;

/// Memory that calls write, with as much as an alignment before and behind it that they may not.
/// All of it holds a pattern at first.
class Written {
 public:
  Written(const Device& device, std::int64_t size, DataType type)
      : size_(size),
        margin_(Plan::alignment / static_cast<std::int64_t>(size_of(type))),
        array_(pattern(device, size + 2 * margin_, type)) {}

  /// Null where it has no elements.
  operator Pointer() {  // NOLINT(google-explicit-constructor)
    if (size_ == 0) return {};
    return {data(), array_.type(), size_, array_.device().place()};
  }
  operator takt::Bytes() {  // NOLINT(google-explicit-constructor)
    return {data(), static_cast<std::int64_t>(bytes()), array_.device().place()};
  }

  ByteVector values(StreamRef stream) const {
    const ByteVector all = read(stream);
    return {all.begin() + Plan::alignment, all.end() - Plan::alignment};
  }
  ByteVector surroundings(StreamRef stream) const {
    ByteVector all = read(stream);
    all.erase(all.begin() + Plan::alignment, all.end() - Plan::alignment);
    return all;
  }
  bool is_finite(StreamRef stream) const {
    const auto finite = [&](const auto& all) {
      return std::all_of(all.begin() + margin_, all.end() - margin_,
                         [](auto value) { return std::isfinite(value); });
    };
    return array_.type() == DataType::f64 ? finite(to_host<double>(array_, stream))
                                          : finite(to_host(array_, stream));
  }
  void fill(int byte, StreamRef stream) {
    ASSERT_EQ(cudaMemsetAsync(data(), byte, bytes(), stream.handle()), cudaSuccess);
  }

 private:
  static Array pattern(const Device& device, std::int64_t size, DataType type) {
    const ByteVector bytes(static_cast<std::size_t>(size) * size_of(type), std::byte{0xA5});
    return detail::copy_to_device(device, {size}, type, bytes.data(), type,
                                  static_cast<std::size_t>(size));
  }
  void* data() { return static_cast<std::byte*>(array_.data()) + Plan::alignment; }
  std::size_t bytes() const { return static_cast<std::size_t>(size_) * size_of(array_.type()); }
  ByteVector read(StreamRef stream) const {
    ByteVector all(static_cast<std::size_t>(array_.size()) * size_of(array_.type()));
    detail::copy_to_host(array_, array_.type(), all.data(), stream);
    return all;
  }

  std::int64_t size_, margin_;
  Array array_;
};

/// Scratch and saved memory of exactly the sizes that a plan asks for.
struct CallMemory {
  explicit CallMemory(const Plan& plan)
      : scratch(plan.device(), plan.scratch_bytes() / 2, DataType::f16),
        saved(plan.device(), plan.saved_bytes() / 2, DataType::f16) {
    EXPECT_EQ(plan.scratch_bytes() % 2 + plan.saved_bytes() % 2, 0);
  }
  operator MemoryView() { return {scratch, saved}; }  // NOLINT(google-explicit-constructor)

  void fill(int byte, StreamRef stream) {
    scratch.fill(byte, stream);
    saved.fill(byte, stream);
  }

  Written scratch, saved;
};

/// Bytes by the name of their tensor.
using Results = std::map<std::string, ByteVector>;

/// Names the tensors that differ.
inline testing::AssertionResult same(const Results& found, const Results& expected) {
  std::string differ;
  for (const auto& [name, bytes] : expected)
    if (!found.contains(name) || found.at(name) != bytes) differ += " " + name;
  if (found.size() == expected.size() && differ.empty()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "other bits in:" << differ;
}

/// All that calls of a plan take and give, dense; `like` says how, and its T and B may be smaller
/// than the plan's.
class CudaLayer {
 public:
  CudaLayer(const Plan& plan, const LayerCase& like, std::uint64_t seed)
      : plan_(plan),
        like_(like),
        C_(find_cell(like.cell).inner_states()),
        device_(plan.device()),
        weights_(make_weights(plan.spec(), device_, Uniform{.seed = seed, .bound = 0.5})),
        x_(random(device_, {TB() * like.I}, seed + 1, like.type)),
        h0_(random(device_, {BH()}, seed + 2, like.type)),
        c0_(random(device_, {C_ * BH()}, seed + 3, inner())),
        dy_(random(device_, {like.T * BH()}, seed + 4, like.type)),
        dhT_(random(device_, {BH()}, seed + 5, like.type)),
        dcT_(random(device_, {C_ * BH()}, seed + 6, inner())),
        dc_all_(random(device_, {C_ * like.T * BH()}, seed + 7, inner())),
        lengths_(to_device<std::int32_t>(device_, some_lengths())),
        resets_(to_device<std::uint8_t>(device_, some_resets())) {
    const std::int64_t GH = find_cell(like.cell).gates * like.H;
    const auto add = [&](const char* name, std::int64_t size, DataType type) {
      if (size > 0) written_.emplace(name, Written(device_, size, type));
    };
    add("y", like.T * BH(), like.type);
    if (like.optional) {
      add("hT", BH(), like.type);
      add("cT", C_ * BH(), inner());
      add("c_all", C_ * like.T * BH(), inner());
    }
    if (plan.mode() == Mode::inference) return;
    if (like.input == InputMode::product) add("dW", GH * like.I, like.type);
    add("dR", GH * like.H, like.type);
    add("dbW", GH, like.type);
    add("dbR", GH, like.type);
    if (!like.optional) return;
    add("dx", TB() * like.I, like.type);
    add("dh0", BH(), like.type);
    add("dc0", C_ * BH(), inner());
  }

  Inputs inputs() const {
    Inputs inputs{.x = x_, .weights = weights_, .dims = {like_.T, like_.B}};
    if (like_.lengths) inputs.lengths = lengths_;
    if (like_.resets) inputs.resets = resets_;
    if (like_.optional) inputs.h0 = h0_;
    if (like_.optional && C_ > 0) inputs.c0 = c0_;
    return inputs;
  }
  Outputs outputs() { return {.y = at("y"), .hT = at("hT"), .cT = at("cT"), .c_all = at("c_all")}; }
  Upstream upstream() const {
    Upstream upstream{.dy = dy_};
    if (like_.optional) upstream.dhT = dhT_;
    if (like_.optional && C_ > 0) upstream.dcT = dcT_, upstream.dc_all = dc_all_;
    return upstream;
  }
  Gradients gradients() {
    return {.dx = at("dx"),
            .dh0 = at("dh0"),
            .dc0 = at("dc0"),
            .weights = {{.W = at("dW"), .R = at("dR"), .bW = at("dbW"), .bR = at("dbR")}},
            .accumulate = like_.accumulate};
  }

  void forward(const MemoryView& memory, StreamRef stream) {
    plan_.forward(inputs(), outputs(), memory, stream);
  }
  void backward(const MemoryView& memory, StreamRef stream) {
    plan_.backward(inputs(), outputs(), upstream(), gradients(), memory, stream);
  }
  /// Forward, and backward of a plan for training.
  void call(const MemoryView& memory, StreamRef stream) {
    forward(memory, stream);
    if (plan_.mode() == Mode::training) backward(memory, stream);
  }

  /// Overwrites all that calls write; what gradients are added to, with zeros.
  void spoil(int byte, StreamRef stream) {
    for (auto& [name, tensor] : written_)
      tensor.fill(like_.accumulate && name.starts_with("d") ? 0 : byte, stream);
  }

  /// Waits for the stream.
  Results results(StreamRef stream) const {
    Results results;
    for (const auto& [name, tensor] : written_) results[name] = tensor.values(stream);
    return results;
  }
  Results surroundings(StreamRef stream) const {
    Results results;
    for (const auto& [name, tensor] : written_) results[name] = tensor.surroundings(stream);
    return results;
  }
  bool is_finite(StreamRef stream) const {
    return std::all_of(written_.begin(), written_.end(),
                       [&](const auto& each) { return each.second.is_finite(stream); });
  }

 private:
  std::int64_t TB() const { return like_.T * like_.B; }
  std::int64_t BH() const { return like_.B * like_.H; }
  DataType inner() const { return inner_type(like_.type); }
  Pointer at(const char* name) {
    const auto found = written_.find(name);
    return found == written_.end() ? Pointer() : Pointer(found->second);
  }
  /// All steps, none, and one less each.
  std::vector<std::int32_t> some_lengths() const {
    std::vector<std::int32_t> lengths;
    for (std::int64_t b = 0; b < like_.B; ++b)
      lengths.push_back(
          static_cast<std::int32_t>(b == 1 ? 0 : std::max<std::int64_t>(like_.T - b, 0)));
    return lengths;
  }
  std::vector<std::uint8_t> some_resets() const {
    std::vector<std::uint8_t> resets(static_cast<std::size_t>(TB()));
    for (std::size_t n = 1; n < resets.size(); n += 3) resets[n] = 1;
    return resets;
  }

  Plan plan_;
  LayerCase like_;
  std::int64_t C_;
  Device device_;
  WeightArrays weights_;
  Array x_, h0_, c0_, dy_, dhT_, dcT_, dc_all_;
  DeviceVector<std::int32_t> lengths_;
  DeviceVector<std::uint8_t> resets_;
  std::map<std::string, Written> written_;
};

/// What a case gives in memory of its own.
inline Results alone(const Plan& plan, const LayerCase& like, std::uint64_t seed) {
  const Stream stream(plan.device());
  CudaLayer layer(plan, like, seed);
  CallMemory memory(plan);
  layer.spoil(0xFF, stream);
  layer.call(memory, stream);
  EXPECT_EQ(status(memory, stream).message(), "");
  EXPECT_TRUE(layer.is_finite(stream)) << "bits of NaN are no proof";
  return layer.results(stream);
}

}  // namespace takt::cuda_test
