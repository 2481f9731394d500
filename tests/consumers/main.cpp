// What each consumer project builds: an LSTM forward through the installed library.
#include <cmath>
#include <cstdio>
#include <vector>

#include <takt/takt.hpp>

int main() {
  const takt::Device device = takt::best_device();
  const takt::RnnSpec spec{.cell = "lstm", .input_size = 64, .hidden_size = 128};
  const takt::Plan plan{spec, {.T = 100, .B = 32}, takt::Mode::inference, device};

  takt::WeightArrays weights = takt::make_weights(spec, device, takt::Uniform{.seed = 1});
  takt::Array x = takt::random(device, {100, 32, 64}, 2), y{device, {100, 32, 128}};
  takt::Memory memory{plan};
  takt::Stream stream{device};
  plan.forward({.x = x, .weights = weights}, {.y = y}, memory, stream);

  double sum = 0;
  for (const float value : takt::to_host(y, stream)) sum += std::fabs(value);
  std::printf("%.6f\n", sum);
  return std::isfinite(sum) && sum > 0 ? 0 : 1;
}
