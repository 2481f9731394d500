// A small f32 program on host memory, easily changed, run and compared as a whole.
#include "cpu_program.hpp"

#include <cmath>
#include <cstddef>
#include <iterator>

#include "random.hpp"

namespace takt::cpu_test {
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

}  // namespace

Program::Program(const std::string& cell_in, const CaseShape& shape_in)
    : cell(cell_in), shape(shape_in) {
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
          .fill = fill};
}

Weights Program::weights() const {
  return {{.W = W, .R = R, .bW = bW, .bR = bR}};
}

Inputs Program::inputs() const {
  Inputs inputs{.x = x, .weights = weights()};
  if (!h0.empty()) inputs.h0 = h0;
  if (!c0.empty()) inputs.c0 = c0;
  if (!lengths.empty()) inputs.lengths = lengths.data();
  if (!resets.empty()) inputs.resets = resets.data();
  return inputs;
}

Results Program::empty_results() const {
  const auto [T, B, I, H] = shape;
  const auto sized = [](std::int64_t size) {
    return std::vector<float>(static_cast<std::size_t>(size));
  };
  return {sized(T * B * H), sized(B * H), sized(C * B * H), sized(C * T * B * H)};
}

Results Program::forward(const Device& device, Mode mode) const {
  Results results = empty_results();
  const Plan plan(spec(), {shape.T, shape.B}, mode, device);
  Memory memory(plan);
  Outputs outputs{.y = results.y, .hT = results.hT};
  if (C > 0) outputs.cT = results.cT, outputs.c_all = results.c_all;
  const Stream stream(device);
  plan.forward(inputs(), outputs, memory, stream);
  return results;
}

ProgramGradients Program::backward(const Device& device, unsigned asked) const {
  Results results = empty_results();
  const Plan plan(spec(), {shape.T, shape.B}, Mode::training, device);
  Memory memory(plan);
  const Stream stream(device);
  const Outputs outputs{.y = results.y};
  plan.forward(inputs(), outputs, memory, stream);
  ProgramGradients out;
  const std::size_t sizes[] = {x.size(), dhT.size(), dcT.size(), W.size(),
                               R.size(), bW.size(),  bR.size()};
  Pointer pointers[ProgramGradients::parts];
  for (std::size_t n = 0; n < std::size(sizes); ++n) {
    out.values[n].assign(sizes[n], -99.0F);
    if ((asked >> n & 1U) != 0 && sizes[n] > 0) pointers[n] = out.values[n];
  }
  Upstream upstream{.dy = dy, .dhT = dhT};
  if (C > 0) upstream.dcT = dcT;
  const Gradients gradients{
      .dx = pointers[0],
      .dh0 = pointers[1],
      .dc0 = pointers[2],
      .weights = {{.W = pointers[3], .R = pointers[4], .bW = pointers[5], .bR = pointers[6]}}};
  plan.backward(inputs(), outputs, upstream, gradients, memory, stream);
  return out;
}

}  // namespace takt::cpu_test
