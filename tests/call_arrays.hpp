// Arrays for a forward and a backward call of a plan, filled from a seed.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include <takt/takt.hpp>

namespace takt::test {

/// All that a call may take and give, dense and time-major.
struct CallArrays {
  CallArrays(const Plan& plan, std::uint64_t seed)
      : spec(plan.spec()),
        T(plan.dims().T),
        B(plan.dims().B),
        C(find_cell(spec.cell).inner_states()),
        device(plan.device()),
        weights(make_weights(spec, device, Uniform{.seed = seed})),
        gradients(make_weights(spec, device)),
        x(random(device, {T, B, spec.input_size}, seed + 1, spec.type)),
        h0(random(device, {B, spec.hidden_size}, seed + 2, spec.type)),
        c0(random(device, {C, B, spec.hidden_size}, seed + 3, spec.type)),
        dy(random(device, {T, B, spec.hidden_size}, seed + 4, spec.type)),
        dhT(random(device, {B, spec.hidden_size}, seed + 5, spec.type)),
        dcT(random(device, {C, B, spec.hidden_size}, seed + 6, spec.type)),
        dc_all(random(device, {C, T, B, spec.hidden_size}, seed + 7, spec.type)),
        y(device, dy.shape(), spec.type),
        hT(device, h0.shape(), spec.type),
        cT(device, c0.shape(), spec.type),
        c_all(device, dc_all.shape(), spec.type),
        dx(device, x.shape(), spec.type),
        dh0(device, h0.shape(), spec.type),
        dc0(device, c0.shape(), spec.type),
        memory(plan) {}

  Inputs inputs() const {
    return {.x = x,
            .h0 = h0,
            .c0 = c0,
            .lengths = lengths.empty() ? nullptr : lengths.data(),
            .resets = resets.empty() ? nullptr : resets.data(),
            .weights = weights};
  }
  Outputs outputs() { return {.y = y, .hT = hT, .cT = cT, .c_all = c_all}; }
  Upstream upstream() const { return {.dy = dy, .dhT = dhT, .dcT = dcT, .dc_all = dc_all}; }
  Gradients gradients_of() { return {.dx = dx, .dh0 = dh0, .dc0 = dc0, .weights = gradients}; }

  void forward(const Plan& plan) {
    const Stream stream(device);
    plan.forward(inputs(), outputs(), memory, stream);
  }
  void backward(const Plan& plan) {
    const Stream stream(device);
    plan.backward(inputs(), outputs(), upstream(), gradients_of(), memory, stream);
  }

  /// All bytes that the calls gave.
  std::vector<unsigned char> results() const {
    std::vector<unsigned char> bytes;
    const auto add = [&](const Array& array) {
      const auto* begin = static_cast<const unsigned char*>(array.data());
      if (array.size() > 0)
        bytes.insert(bytes.end(), begin,
                     begin + array.size() * static_cast<std::int64_t>(size_of(array.type())));
    };
    for (const Array* array : {&y, &hT, &cT, &c_all, &dx, &dh0, &dc0}) add(*array);
    for (const Array& array : gradients.arrays()) add(array);
    return bytes;
  }

  RnnSpec spec;
  std::int64_t T, B, C;
  Device device;
  WeightArrays weights, gradients;
  Array x, h0, c0, dy, dhT, dcT, dc_all;
  Array y, hT, cT, c_all, dx, dh0, dc0;
  std::vector<std::int32_t> lengths;  ///< empty: none
  std::vector<std::uint8_t> resets;   ///< empty: none
  Memory memory;
};

}  // namespace takt::test
