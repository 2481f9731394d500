// A small f32 program on host memory, easily changed, run and compared as a whole.
#include "cpu_program.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>

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

std::vector<double> widen(const std::vector<float>& narrow) {
  return {narrow.begin(), narrow.end()};
}

/// A buffer with a pattern on both sides, aligned as plans ask for.
class Guarded {
 public:
  explicit Guarded(std::int64_t bytes) : bytes_(static_cast<std::size_t>(bytes)) {
    memory_.assign(bytes_ + 3 * margin, std::byte{0xA5});
    const auto address = reinterpret_cast<std::uintptr_t>(memory_.data()) + margin;
    begin_ =
        (address + margin - 1) / margin * margin - reinterpret_cast<std::uintptr_t>(memory_.data());
  }
  void* data() { return memory_.data() + begin_; }
  float* floats() { return reinterpret_cast<float*>(data()); }
  bool survives() const {
    const auto untouched = [](std::byte b) { return b == std::byte{0xA5}; };
    const auto middle = memory_.begin() + static_cast<std::ptrdiff_t>(begin_);
    return std::all_of(memory_.begin(), middle, untouched) &&
           std::all_of(middle + static_cast<std::ptrdiff_t>(bytes_), memory_.end(), untouched);
  }

 private:
  static constexpr std::size_t margin = 256;
  std::size_t bytes_;
  std::vector<std::byte> memory_;
  std::size_t begin_ = 0;
};

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

reference::Result Program::reference() const {
  const std::vector<double> wide[] = {widen(x), widen(h0), widen(c0), widen(W),
                                      widen(R), widen(bW), widen(bR)};
  return reference::forward({.cell = cell,
                             .T = shape.T,
                             .B = shape.B,
                             .I = shape.I,
                             .H = shape.H,
                             .reverse = direction == Direction::reverse,
                             .x = wide[0].data(),
                             .h0 = wide[1].data(),
                             .c0 = wide[2].data(),
                             .lengths = lengths.empty() ? nullptr : lengths.data(),
                             .resets = resets.empty() ? nullptr : resets.data(),
                             .W = wide[3].data(),
                             .R = wide[4].data(),
                             .bW = wide[5].data(),
                             .bR = wide[6].data()});
}

Program Program::row(std::int64_t b) const {
  const auto [T, B, I, H] = shape;
  Program alone = *this;
  alone.shape.B = 1;
  alone.x.clear();
  for (std::int64_t t = 0; t < T; ++t)
    alone.x.insert(alone.x.end(), x.begin() + (t * B + b) * I, x.begin() + (t * B + b + 1) * I);
  alone.h0.assign(h0.begin() + b * H, h0.begin() + (b + 1) * H);
  alone.c0.clear();
  for (std::int64_t c = 0; c < C; ++c)
    alone.c0.insert(alone.c0.end(), c0.begin() + (c * B + b) * H, c0.begin() + (c * B + b + 1) * H);
  return alone;
}

bool Program::guards_survive(const Device& device) const {
  const auto [T, B, I, H] = shape;
  const Plan plan(spec(), {T, B}, Mode::training, device);
  const std::int64_t element = sizeof(float);
  Guarded scratch(plan.scratch_bytes()), saved(plan.saved_bytes());
  Guarded y(T * B * H * element), hT(B * H * element), cT(C * B * H * element),
      c_all(C * T * B * H * element), dx(T * B * I * element), dh0(B * H * element),
      dc0(C * B * H * element), dW(G * H * I * element), dR(G * H * H * element),
      dbW(G * H * element), dbR(G * H * element);
  Outputs outputs{.y = y.floats(), .hT = hT.floats()};
  Upstream upstream{.dy = dy, .dhT = dhT};
  Gradients gradients{
      .dx = dx.floats(),
      .dh0 = dh0.floats(),
      .weights = {{.W = dW.floats(), .R = dR.floats(), .bW = dbW.floats(), .bR = dbR.floats()}}};
  if (C > 0) {
    outputs.cT = cT.floats();
    outputs.c_all = c_all.floats();
    upstream.dcT = dcT;
    gradients.dc0 = dc0.floats();
  }
  const MemoryView memory{scratch.data(), saved.data()};
  const Stream stream(device);
  plan.forward(inputs(), outputs, memory, stream);
  plan.backward(inputs(), outputs, upstream, gradients, memory, stream);
  const Guarded* all[] = {&scratch, &saved, &y,  &hT, &cT,  &c_all, &dx,
                          &dh0,     &dc0,   &dW, &dR, &dbW, &dbR};
  return std::all_of(std::begin(all), std::end(all),
                     [](const Guarded* buffer) { return buffer->survives(); });
}

}  // namespace takt::cpu_test
