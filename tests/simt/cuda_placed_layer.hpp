// A layer on the device whose tensors all lie at one placement: aligned or one element off, with or
// without gaps between rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "../refusal_cases.hpp"

namespace takt::placed_layer {

using refusal_test::shifted;
using Doubles = std::vector<double>;

/// Where rows lie in their memory, in elements: not at its begin, and not one after the other.
struct Placement {
  std::int64_t offset = 0, gap = 0;
};

/// A tensor of `rows` rows at its place in the device's memory, of numbers in [-1, 1) or of 9s.
class Placed {
 public:
  static constexpr double unset = 9;

  Placed(const Device& device, DataType type, std::int64_t rows, std::int64_t width, Placement at,
         std::uint64_t seed)
      : rows_(rows), width_(width), at_(at), array_(device, {size()}, type) {
    Doubles values(static_cast<std::size_t>(size()), unset);
    std::uint64_t state = seed;
    for_each([&](std::int64_t n) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      if (seed != 0)
        values[static_cast<std::size_t>(n)] = static_cast<double>(state >> 48) / 32768 - 1;
    });
    if (type == DataType::f64)
      array_ = to_device<double>(device, {size()}, values);
    else
      array_ = to_device<float>(device, {size()}, std::vector<float>(values.begin(), values.end()),
                                type);
  }

  Pointer pointer() {
    const auto bytes = static_cast<std::int64_t>(size_of(array_.type()));
    return shifted(Pointer(array_), at_.offset * bytes);
  }
  std::int64_t stride() const { return width_ + at_.gap; }
  Rows rows() { return {pointer(), stride()}; }

  /// The rows, dense. What lies between them must be as it was.
  Doubles values(const Stream& stream) const {
    Doubles all;
    if (array_.type() == DataType::f64) {
      all = to_host<double>(array_, stream);
    } else {
      const std::vector<float> narrow = to_host(array_, stream);
      all.assign(narrow.begin(), narrow.end());
    }
    Doubles dense;
    for_each([&](std::int64_t n) {
      double& value = all[static_cast<std::size_t>(n)];
      dense.push_back(value);
      value = unset;
    });
    EXPECT_EQ(all, Doubles(all.size(), unset)) << "written between rows";
    return dense;
  }

 private:
  std::int64_t size() const { return at_.offset + rows_ * stride() + 1; }
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (std::int64_t row = 0; row < rows_; ++row)
      for (std::int64_t j = 0; j < width_; ++j) visit(at_.offset + row * stride() + j);
  }

  std::int64_t rows_, width_;
  Placement at_;
  Array array_;
};

/// A layer whose tensors all lie at one placement; rows that may have a gap have it.
class Layer {
 public:
  Layer(const RnnSpec& spec, Dims dims, Placement at, const std::vector<std::int32_t>& lengths = {})
      : device_(Device::cuda()),
        plan_(spec, dims, Mode::training, device_),
        memory_(plan_),
        stream_(device_),
        lengths_(to_device<std::int32_t>(device_, lengths)) {
    const DataType type = spec.type, inner = inner_type(type);
    const CellInfo& cell = find_cell(spec.cell);
    const std::int64_t T = dims.T, B = dims.B, I = spec.input_size, H = spec.hidden_size;
    const std::int64_t C = cell.inner_states(), GH = cell.gates * H;
    const Placement dense{at.offset, 0};
    std::uint64_t seed = 0;
    const auto in = [&](const char* name, DataType of, std::int64_t rows, std::int64_t width,
                        Placement place) {
      tensors_.try_emplace(name, device_, of, rows, width, place, ++seed);
    };
    const auto out = [&](const char* name, DataType of, std::int64_t rows, std::int64_t width,
                         Placement place) {
      tensors_.try_emplace(name, device_, of, rows, width, place, 0);
      results_.push_back(name);
    };
    in("x", type, T * B, I, at);
    in("W", type, GH, I, dense);
    in("R", type, GH, H, dense);
    in("bW", type, 1, GH, dense);
    in("bR", type, 1, GH, dense);
    in("h0", type, B, H, dense);
    in("c0", inner, C * B, H, dense);
    in("dy", type, T * B, H, at);
    in("dhT", type, B, H, dense);
    in("dcT", inner, C * B, H, dense);
    in("dc_all", inner, C * T * B, H, at);
    out("y", type, T * B, H, at);
    out("hT", type, B, H, dense);
    out("cT", inner, C * B, H, dense);
    out("c_all", inner, C * T * B, H, at);
    out("dx", type, T * B, I, at);
    out("dh0", type, B, H, dense);
    out("dc0", inner, C * B, H, dense);
    out("dW", type, GH, I, dense);
    out("dR", type, GH, H, dense);
    out("dbW", type, 1, GH, dense);
    out("dbR", type, 1, GH, dense);
    has_inner_ = C > 0;
  }

  void forward() { plan_.forward(inputs(), outputs(), memory_, stream_); }
  void backward() {
    Upstream upstream{.dy = rows("dy"), .dhT = pointer("dhT")};
    Gradients gradients{.dx = rows("dx"), .dh0 = pointer("dh0")};
    if (has_inner_) {
      upstream.dcT = pointer("dcT");
      upstream.dc_all = rows("dc_all");
      gradients.dc0 = pointer("dc0");
    }
    gradients.weights = {
        {.W = pointer("dW"), .R = pointer("dR"), .bW = pointer("dbW"), .bR = pointer("dbR")}};
    plan_.backward(inputs(), outputs(), upstream, gradients, memory_, stream_);
  }

  void set_lengths(const std::vector<std::int32_t>& lengths) {
    lengths_ = to_device<std::int32_t>(device_, lengths);
  }
  void set_dims(Dims dims) { dims_ = dims; }
  CallStatus status() { return takt::status(memory_, stream_); }
  void* scratch() { return MemoryView(memory_).scratch.data; }
  std::map<std::string, Doubles> results() const {
    std::map<std::string, Doubles> values;
    for (const char* name : results_) values[name] = tensors_.at(name).values(stream_);
    return values;
  }

 private:
  Pointer pointer(const char* name) { return tensors_.at(name).pointer(); }
  Rows rows(const char* name) { return tensors_.at(name).rows(); }
  Inputs inputs() {
    Inputs inputs{.x = rows("x"), .h0 = pointer("h0")};
    if (has_inner_) inputs.c0 = pointer("c0");
    if (lengths_.size() > 0) inputs.lengths = lengths_;
    inputs.weights = {
        {.W = pointer("W"), .R = pointer("R"), .bW = pointer("bW"), .bR = pointer("bR")}};
    inputs.dims = dims_;
    return inputs;
  }
  Outputs outputs() {
    Outputs outputs{.y = rows("y"), .hT = pointer("hT")};
    if (!has_inner_) return outputs;
    outputs.cT = pointer("cT");
    outputs.c_all = rows("c_all");
    return outputs;
  }

  Device device_;
  Plan plan_;
  Memory memory_;
  Stream stream_;
  DeviceVector<std::int32_t> lengths_;
  Dims dims_{};
  bool has_inner_ = false;
  std::map<std::string, Placed> tensors_;
  std::vector<const char*> results_;
};

}  // namespace takt::placed_layer
