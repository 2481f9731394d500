// The programs that the interface was made for, on a GPU, as a caller writes them: their results
// are those of the cpu device.
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <cuda_fp16.h>
#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "device_array.hpp"
#include "simt.hpp"
#include "validate/tolerance.hpp"

namespace {

using Floats = std::vector<float>;

/// Numbers in [-1, 1) that a __half holds too.
Floats numbers(std::int64_t count, std::uint64_t seed) {
  Floats values(static_cast<std::size_t>(count));
  for (float& value : values) {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    value = static_cast<float>(seed >> 57) / 64 - 1;
  }
  return values;
}

void expect_near(const Floats& found, const Floats& wanted, takt::DataType type,
                 std::int64_t terms) {
  ASSERT_EQ(found.size(), wanted.size());
  takt::validate::ErrorMeter meter;
  for (std::size_t n = 0; n < found.size(); ++n)
    meter.add(static_cast<double>(found[n]), static_cast<double>(wanted[n]));
  EXPECT_LE(meter.error(), takt::validate::tolerance(type, terms));
}

takt::validate::Terms terms_of(const takt::RnnSpec& spec, takt::Dims dims) {
  return takt::validate::terms_of(spec.cell, spec.type,
                                  {dims.T, dims.B, spec.input_size, spec.hidden_size});
}

takt::Device the_cpu() {
  return takt::Device::cpu({.threads = 2});
}

class CudaPrograms : public testing::TestWithParam<simt::Schedule> {
 protected:
  void SetUp() override { simt::set_schedule(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Schedules, CudaPrograms, testing::ValuesIn(simt::kernel_schedules()),
                         simt::schedule_name);

// 1. The first program. -------------------------------------------------------------------------

Floats first_program(const takt::Device& device) {
  const takt::RnnSpec spec{.cell = "lstm", .input_size = 6, .hidden_size = 12};
  const takt::Plan plan{spec, {.T = 10, .B = 3}, takt::Mode::inference, device};
  EXPECT_TRUE(plan.explain().starts_with("lstm f32 I=6 H=12 forward, inference, T up to 10"));

  takt::WeightArrays weights = takt::make_weights(spec, device, takt::Uniform{.seed = 1});
  takt::Array x = takt::random(device, {10, 3, 6}, /*seed=*/2), y{device, {10, 3, 12}};
  takt::Memory memory{plan};
  takt::Stream stream{device};
  plan.forward({.x = x, .weights = weights}, {.y = y}, memory, stream);
  return takt::to_host(y, stream);
}

TEST_P(CudaPrograms, First) {
  const takt::Device device = takt::best_device();
  EXPECT_EQ(device.kind(), takt::DeviceKind::cuda);
  const takt::RnnSpec spec{.cell = "lstm", .input_size = 6, .hidden_size = 12};
  expect_near(first_program(device), first_program(the_cpu()), spec.type,
              terms_of(spec, {10, 3}).forward);
}

// 2. Inside a CUDA application: own pointers, own stream, own memory.
// ------------------------------

constexpr std::int64_t T = 5, B = 3, I = 4, H = 6, GH = 4 * H;
const std::vector<std::int32_t> lengths{4, 0, 5};

/// What the application has, as floats.
struct Application {
  Floats x = numbers(T * B * I, 1), h0 = numbers(B * H, 2), c0 = numbers(B * H, 3),
         W = numbers(GH * I, 4), R = numbers(GH * H, 5), bW = numbers(GH, 6), bR = numbers(GH, 7);
  Floats y = Floats(T * B * H), hT = Floats(B * H), cT = Floats(B * H);
};

Application on_cpu() {
  Application app;
  const takt::Device device = the_cpu();
  const takt::Plan plan{
      {.cell = "lstm", .input_size = I, .hidden_size = H}, {T, B}, takt::Mode::inference, device};
  takt::Memory memory{plan};
  const takt::Stream stream{device};
  plan.forward({.x = app.x,
                .h0 = app.h0,
                .c0 = app.c0,
                .lengths = lengths,
                .weights = {{.W = app.W, .R = app.R, .bW = app.bW, .bR = app.bR}}},
               {.y = app.y, .hT = app.hT, .cT = app.cT}, memory, stream);
  return app;
}

template <class Real>
Real* on_device(const Floats& values) {
  const std::vector<Real> converted(values.begin(), values.end());
  Real* memory = nullptr;
  EXPECT_EQ(cudaMalloc(&memory, converted.size() * sizeof(Real)), cudaSuccess);
  EXPECT_EQ(
      cudaMemcpy(memory, converted.data(), converted.size() * sizeof(Real), cudaMemcpyHostToDevice),
      cudaSuccess);
  return memory;
}

template <class Real>
Floats from_device(const Real* memory, std::size_t size) {
  std::vector<Real> values(size);
  EXPECT_EQ(cudaMemcpy(values.data(), memory, size * sizeof(Real), cudaMemcpyDeviceToHost),
            cudaSuccess);
  return {values.begin(), values.end()};
}

template <class Real>
void run_inside_an_application() {
  const Application host, wanted = on_cpu();
  Real *d_x = on_device<Real>(host.x), *d_h0 = on_device<Real>(host.h0),
       *d_W = on_device<Real>(host.W), *d_R = on_device<Real>(host.R),
       *d_bW = on_device<Real>(host.bW), *d_bR = on_device<Real>(host.bR),
       *d_y = on_device<Real>(host.y), *d_hT = on_device<Real>(host.hT);
  float *d_c0 = on_device<float>(host.c0), *d_cT = on_device<float>(host.cT);
  const simt::DeviceArray<std::int32_t> own_lengths(lengths);
  const std::int32_t* d_lengths = own_lengths.data();
  cudaStream_t my_cuda_stream = nullptr;
  ASSERT_EQ(cudaStreamCreate(&my_cuda_stream), cudaSuccess);

  const takt::RnnSpec spec{
      .cell = "lstm", .input_size = I, .hidden_size = H, .type = takt::data_type_of<Real>};
  const takt::Plan plan{spec, {.T = T, .B = B}, takt::Mode::inference, takt::Device::cuda()};
  void* d_scratch = nullptr;
  ASSERT_EQ(cudaMalloc(&d_scratch, static_cast<std::size_t>(plan.scratch_bytes())), cudaSuccess);
  ASSERT_EQ(plan.saved_bytes(), 0);

  const auto ran_before = simt::counters().launches;
  const int allocations_before = simt::calls_made(simt::Call::allocate);
  {
    const simt::HostHeapWatch watch;
    plan.forward({.x = d_x,
                  .h0 = d_h0,
                  .c0 = d_c0,
                  .lengths = d_lengths,
                  .weights = {{.W = d_W, .R = d_R, .bW = d_bW, .bR = d_bR}}},
                 {.y = d_y, .hT = d_hT, .cT = d_cT}, {.scratch = d_scratch}, my_cuda_stream);
  }
  EXPECT_EQ(simt::calls_made(simt::Call::allocate), allocations_before);
  EXPECT_EQ(simt::counters().launches, ran_before) << "it waited";
  ASSERT_EQ(cudaStreamSynchronize(my_cuda_stream), cudaSuccess);

  const std::int64_t terms = terms_of(spec, {T, B}).forward;
  expect_near(from_device(d_y, wanted.y.size()), wanted.y, spec.type, terms);
  expect_near(from_device(d_hT, wanted.hT.size()), wanted.hT, spec.type, terms);
  expect_near(from_device(d_cT, wanted.cT.size()), wanted.cT, spec.type, terms);
  ASSERT_EQ(cudaStreamDestroy(my_cuda_stream), cudaSuccess);
  for (void* memory : {static_cast<void*>(d_x), static_cast<void*>(d_h0), static_cast<void*>(d_W),
                       static_cast<void*>(d_R), static_cast<void*>(d_bW), static_cast<void*>(d_bR),
                       static_cast<void*>(d_y), static_cast<void*>(d_hT), static_cast<void*>(d_c0),
                       static_cast<void*>(d_cT), d_scratch})
    EXPECT_EQ(cudaFree(memory), cudaSuccess);
}

TEST_P(CudaPrograms, InsideAnApplicationOfFloats) {
  run_inside_an_application<float>();
}
TEST_P(CudaPrograms, InsideAnApplicationOfHalves) {
  run_inside_an_application<__half>();
}

// 3. A training step. ---------------------------------------------------------------------------

const takt::RnnSpec trained{.cell = "lstm", .input_size = I, .hidden_size = H};
using Results = std::map<std::string, Floats>;

/// Twice, so that the second gradients are added to the first.
Results training_steps(const takt::Device& device) {
  const takt::Plan plan{trained, {.T = T, .B = B}, takt::Mode::training, device};
  const takt::WeightArrays weights = takt::make_weights(trained, device, takt::Uniform{.seed = 1});
  const takt::Array x = takt::random(device, {T, B, I}, 2), dy = takt::random(device, {T, B, H}, 3),
                    dhT = takt::random(device, {B, H}, 4), dcT = takt::random(device, {1, B, H}, 5);
  takt::Array y{device, {T, B, H}}, dx{device, {T, B, I}}, dW{device, {GH, I}}, dR{device, {GH, H}},
      dbW{device, {GH}}, dbR{device, {GH}};
  takt::Memory memory{plan};
  const takt::Stream stream{device};
  const takt::Inputs inputs{.x = x, .weights = weights};
  const takt::Outputs outputs{.y = y};
  for (int step = 0; step < 2; ++step) {
    plan.forward(inputs, outputs, memory, stream);
    plan.backward(
        inputs, outputs, {.dy = dy, .dhT = dhT, .dcT = dcT},
        {.dx = dx, .weights = {{.W = dW, .R = dR, .bW = dbW, .bR = dbR}}, .accumulate = true},
        memory, stream);
  }
  return {{"y", takt::to_host(y, stream)},     {"dx", takt::to_host(dx, stream)},
          {"dW", takt::to_host(dW, stream)},   {"dR", takt::to_host(dR, stream)},
          {"dbW", takt::to_host(dbW, stream)}, {"dbR", takt::to_host(dbR, stream)}};
}

TEST_P(CudaPrograms, TrainingSteps) {
  Results found = training_steps(takt::Device::cuda()), wanted = training_steps(the_cpu());
  const takt::validate::Terms terms = terms_of(trained, {T, B});
  expect_near(found["y"], wanted["y"], trained.type, terms.forward);
  expect_near(found["dx"], wanted["dx"], trained.type, terms.backward);
  expect_near(found["dW"], wanted["dW"], trained.type, terms.weights);
  expect_near(found["dR"], wanted["dR"], trained.type, terms.weights);
  expect_near(found["dbW"], wanted["dbW"], trained.type, terms.biases);
  expect_near(found["dbR"], wanted["dbR"], trained.type, terms.biases);
}

// 4. Streaming, one step at a time. -------------------------------------------------------------

Floats streaming(const takt::Device& device) {
  const takt::Plan step{trained, {.T = 1, .B = 1}, takt::Mode::inference, device};
  const takt::WeightArrays w = takt::make_weights(trained, device, takt::Uniform{.seed = 1});
  takt::Array h{device, {1, H}}, c{device, {1, 1, H}}, y_t{device, {1, 1, H}};
  takt::Memory memory{step};
  const takt::Stream stream{device};
  Floats y;
  for (std::uint64_t t = 0; t < 12; ++t) {
    const takt::Array x_t = takt::random(device, {1, 1, I}, t);
    step.forward({.x = x_t, .h0 = h, .c0 = c, .weights = w}, {.y = y_t, .hT = h, .cT = c}, memory,
                 stream);
    for (const float value : takt::to_host(y_t, stream)) y.push_back(value);
  }
  return y;
}

TEST_P(CudaPrograms, Streaming) {
  expect_near(streaming(takt::Device::cuda()), streaming(the_cpu()), trained.type,
              terms_of(trained, {12, 1}).forward);
}

// 5. Ragged rows and resets. --------------------------------------------------------------------

const std::vector<std::uint8_t> episode_start{0, 1, 0, 0, 0, 0, 2, 0, 1, 0, 0, 0, 0, 0, 255};

/// `d_lengths` int32 [B] and `d_episode_start` uint8 [T,B] lie on the device.
Floats ragged(const takt::Device& device, const std::int32_t* d_lengths,
              const std::uint8_t* d_episode_start) {
  const takt::Plan plan{trained, {.T = T, .B = B}, takt::Mode::inference, device};
  const takt::WeightArrays weights = takt::make_weights(trained, device, takt::Uniform{.seed = 1});
  const takt::Array x = takt::random(device, {T, B, I}, 2);
  takt::Array y{device, {T, B, H}};
  takt::Memory memory{plan};
  const takt::Stream stream{device};
  takt::Inputs inputs{.x = x, .weights = weights};
  inputs.lengths = d_lengths;
  inputs.resets = d_episode_start;
  plan.forward(inputs, {.y = y}, memory, stream);
  return takt::to_host(y, stream);
}

TEST_P(CudaPrograms, RaggedRowsAndResets) {
  const simt::DeviceArray<std::int32_t> own_lengths(lengths);
  const simt::DeviceArray<std::uint8_t> own_resets(episode_start);
  const takt::Device device = takt::Device::cuda(), cpu = the_cpu();
  const Floats found = ragged(device, own_lengths.data(), own_resets.data()),
               wanted = ragged(cpu, lengths.data(), episode_start.data());
  expect_near(found, wanted, trained.type, terms_of(trained, {T, B}).forward);
  EXPECT_NE(found, ragged(device, nullptr, own_resets.data()));
  EXPECT_NE(found, ragged(device, own_lengths.data(), nullptr));
  EXPECT_EQ(found[4 * B * H], 0) << "padding";
}

// 6. In a CUDA graph. ---------------------------------------------------------------------------

/// Weights, tensors and memory of a training step that live as long as a graph of it.
struct Training {
  takt::Device device = takt::Device::cuda();
  takt::Plan plan{trained, {.T = T, .B = B}, takt::Mode::training, device};
  takt::WeightArrays weights = takt::make_weights(trained, device, takt::Uniform{.seed = 1}),
                     sums = takt::make_weights(trained, device);
  takt::Array x = takt::random(device, {T, B, I}, 2), dy = takt::random(device, {T, B, H}, 3),
              y{device, {T, B, H}}, dx{device, {T, B, I}};
  takt::Memory memory{plan};
  takt::Inputs inputs{.x = x, .weights = weights};
  takt::Outputs outputs{.y = y};
  takt::Upstream upstream{.dy = dy};
  takt::Gradients gradients{.dx = dx, .weights = sums, .accumulate = true};

  Results results(cudaStream_t stream) const {
    Results all{{"y", takt::to_host(y, stream)}, {"dx", takt::to_host(dx, stream)}};
    for (std::size_t n = 0; n < sums.arrays().size(); ++n)
      all["sum " + std::to_string(n)] = takt::to_host(sums.arrays()[n], stream);
    return all;
  }
};

TEST_P(CudaPrograms, InAGraph) {
  Training captured, called;
  auto& [device, plan, weights, sums, x, dy, y, dx, memory, inputs, outputs, upstream, gradients] =
      captured;
  const simt::TestStream own_stream, other_stream;
  const cudaStream_t stream = own_stream, other = other_stream;
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t replay = nullptr;
  {
    const simt::HostHeapWatch watch;
    cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal);
    plan.forward(inputs, outputs, memory, stream);
    plan.backward(inputs, outputs, upstream, gradients, memory, stream);
    cudaStreamEndCapture(stream, &graph);
  }
  ASSERT_NE(graph, nullptr);
  ASSERT_EQ(cudaGraphInstantiate(&replay, graph, 0), cudaSuccess);
  EXPECT_EQ(captured.results(stream)["y"], Floats(T * B * H)) << "captured, not run";

  for (const std::uint64_t seed : {2U, 9U, 2U}) {
    const Floats numbers = takt::to_host(takt::random(device, {T, B, I}, seed), other);
    for (Training* each : {&captured, &called})
      ASSERT_EQ(cudaMemcpy(each->x.data(), numbers.data(), numbers.size() * sizeof(float),
                           cudaMemcpyHostToDevice),
                cudaSuccess);
    ASSERT_EQ(cudaGraphLaunch(replay, stream), cudaSuccess);
    called.plan.forward(called.inputs, called.outputs, called.memory, other);
    called.plan.backward(called.inputs, called.outputs, called.upstream, called.gradients,
                         called.memory, other);
    EXPECT_EQ(captured.results(stream), called.results(other)) << "x of seed " << seed;
  }
  EXPECT_TRUE(takt::status(memory, stream).fine());
  ASSERT_EQ(cudaGraphExecDestroy(replay), cudaSuccess);
  ASSERT_EQ(cudaGraphDestroy(graph), cudaSuccess);
}

}  // namespace
