// A small program of a test, easily changed, run on any device and compared as a whole.
#include "devices/program.hpp"

#include <cmath>
#include <cstddef>
#include <iterator>
#include <limits>

#include "random.hpp"

namespace takt::test {
namespace {

std::vector<float> values(std::int64_t size, double bound, std::uint32_t sequence) {
  std::vector<float> values(static_cast<std::size_t>(size));
  for (std::size_t n = 0; n < values.size(); ++n)
    values[n] = static_cast<float>(bound * uniform(11, n, sequence));
  return values;
}

std::vector<float> eighths(std::int64_t size, std::uint32_t sequence) {
  std::vector<float> rounded = values(size, 8, sequence);
  for (float& value : rounded) value = std::round(value) / 8;
  return rounded;
}

/// Its gaps are not finite.
std::vector<float> placed_x(const Program& program) {
  std::vector<float> placed(static_cast<std::size_t>(program.x_offset),
                            std::numeric_limits<float>::quiet_NaN());
  for (auto row = program.x.begin(); row != program.x.end(); row += program.shape.I) {
    placed.insert(placed.end(), row, row + program.shape.I);
    placed.insert(placed.end(), static_cast<std::size_t>(program.x_gap),
                  std::numeric_limits<float>::quiet_NaN());
  }
  return placed;
}

/// What a program reads, on a device.
struct Loaded {
  Loaded(const Program& program, const Device& device_in)
      : device(device_in),
        type(program.type),
        x(put(placed_x(program))),
        h0(put(program.h0)),
        c0(put_inner(program.c0)),
        W(put(program.W)),
        R(put(program.R)),
        bW(put(program.bW)),
        bR(put(program.bR)),
        lengths(to_device<std::int32_t>(device, program.lengths)),
        resets(to_device<std::uint8_t>(device, program.resets)) {
    const auto element = static_cast<std::int64_t>(size_of(type));
    inputs.x = ConstRows(
        static_cast<const void*>(static_cast<const char*>(x.data()) + program.x_offset * element),
        program.shape.I + program.x_gap);
    LayerWeights layer{.R = R, .bW = bW, .bR = bR};
    if (program.input == InputMode::product) layer.W = W;
    inputs.weights = {layer};
    if (!program.h0.empty()) inputs.h0 = h0;
    if (!program.c0.empty()) inputs.c0 = c0;
    if (!program.lengths.empty()) inputs.lengths = lengths;
    if (!program.resets.empty()) inputs.resets = resets;
  }
  Loaded(const Loaded&) = delete;
  Loaded& operator=(const Loaded&) = delete;

  Array put_as(DataType as, const std::vector<float>& values) const {
    return to_device<float>(device, {static_cast<std::int64_t>(values.size())}, values, as);
  }
  Array put(const std::vector<float>& values) const { return put_as(type, values); }
  Array put_inner(const std::vector<float>& values) const {
    return put_as(inner_type(type), values);
  }

  Device device;
  DataType type;
  Array x, h0, c0, W, R, bW, bR;
  DeviceVector<std::int32_t> lengths;
  DeviceVector<std::uint8_t> resets;
  Inputs inputs;
};

}  // namespace

Program::Program(const std::string& cell_in, DataType type_in, const CaseShape& shape_in)
    : cell(cell_in), type(type_in), shape(shape_in) {
  const auto [T, B, I, H] = shape;
  G = find_cell(cell).gates;
  C = find_cell(cell).inner_states();
  x = eighths(T * B * I, 1);
  W = eighths(G * H * I, 2);
  R = values(G * H * H, 1.2 / std::sqrt(static_cast<double>(H)), 3);
  bW = values(G * H, 0.5, 4);
  bR = values(G * H, 0.5, 5);
  h0 = values(B * H, 1, 6);
  c0 = values(C * B * H, 1, 7);
  dy = values(T * B * H, 1, 8);
  dhT = values(B * H, 1, 9);
  dcT = values(C * B * H, 1, 10);
}

RnnSpec Program::spec() const {
  return {.cell = cell,
          .input_size = shape.I,
          .hidden_size = shape.H,
          .direction = direction,
          .input = input,
          .type = type,
          .layout = layout,
          .fill = fill,
          .algorithm = algorithm};
}

Results Program::forward(const Device& device, Mode mode) const {
  const auto [T, B, I, H] = shape;
  const Loaded loaded(*this, device);
  Array y(device, {T, B, H}, type), hT(device, {B, H}, type),
      cT(device, {C, B, H}, inner_type(type)), c_all(device, {C, T, B, H}, inner_type(type));
  Outputs outputs{.y = y, .hT = hT};
  if (C > 0) outputs.cT = cT, outputs.c_all = c_all;
  const Plan plan(spec(), {T, B}, mode, device);
  Memory memory(plan);
  const Stream stream(device);
  plan.forward(loaded.inputs, outputs, memory, stream);
  return {to_host(y, stream), to_host(hT, stream), to_host(cT, stream), to_host(c_all, stream)};
}

Results Program::forward_in_parts(const Device& device,
                                  const std::vector<std::int64_t>& parts) const {
  const auto [T, B, I, H] = shape;
  Loaded loaded(*this, device);
  Array h = loaded.h0, c = loaded.c0;  // the same memory, written over
  const Plan plan(spec(), {T, B}, Mode::inference, device);
  Memory memory(plan);
  const Stream stream(device);
  Results results;
  auto x = this->x.begin();
  for (const std::int64_t steps : parts) {
    const Array x_of_part = loaded.put({x, x + steps * B * I});
    x += steps * B * I;
    Array y(device, {steps, B, H}, type);
    Inputs inputs = loaded.inputs;
    inputs.x = x_of_part;
    inputs.dims = {.T = steps, .B = B};
    Outputs outputs{.y = y, .hT = h};
    if (C > 0) outputs.cT = c;
    plan.forward(inputs, outputs, memory, stream);
    const std::vector<float> part = to_host(y, stream);
    results.y.insert(results.y.end(), part.begin(), part.end());
  }
  results.hT = to_host(h, stream);
  results.cT = to_host(c, stream);
  return results;
}

ProgramGradients Program::backward(const Device& device, unsigned asked) const {
  const auto [T, B, I, H] = shape;
  const Loaded loaded(*this, device);
  const Plan plan(spec(), {T, B}, Mode::training, device);
  Memory memory(plan);
  const Stream stream(device);
  Array y(device, {T, B, H}, type);
  const Outputs outputs{.y = y};
  plan.forward(loaded.inputs, outputs, memory, stream);

  std::vector<Array> results;
  for (const auto* like : {&x, &dhT, &dcT, &W, &R, &bW, &bR}) {
    const std::vector<float> unset(like->size(), -99.0F);
    results.push_back(like == &dcT ? loaded.put_inner(unset) : loaded.put(unset));
  }
  Pointer pointers[ProgramGradients::parts];
  for (std::size_t n = 0; n < results.size(); ++n)
    if ((asked >> n & 1U) != 0 && results[n].size() > 0) pointers[n] = results[n];
  const Array dy_there = loaded.put(dy), dhT_there = loaded.put(dhT),
              dcT_there = loaded.put_inner(dcT);
  Upstream upstream{.dy = dy_there, .dhT = dhT_there};
  if (C > 0) upstream.dcT = dcT_there;
  const Gradients gradients{
      .dx = pointers[0],
      .dh0 = pointers[1],
      .dc0 = pointers[2],
      .weights = {{.W = pointers[3], .R = pointers[4], .bW = pointers[5], .bR = pointers[6]}}};
  Inputs inputs = loaded.inputs;
  if (input == InputMode::precomputed) inputs.x = nullptr;  // not read again
  plan.backward(inputs, outputs, upstream, gradients, memory, stream);
  ProgramGradients out;
  for (std::size_t n = 0; n < results.size(); ++n) out.values[n] = to_host(results[n], stream);
  return out;
}

}  // namespace takt::test
