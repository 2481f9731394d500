// The planner for GPUs, from facts alone: which of them takt's code runs on, and the memory of the
// step algorithm.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "cuda/layout.hpp"
#include "gpu_facts.hpp"
#include "plan.hpp"
#include "refusal_cases.hpp"

namespace takt {
namespace {

using refusal_test::expect_refusal;
using namespace gpu_facts;

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

DeviceFacts processor() {
  return {.kind = DeviceKind::cpu,
          .name = "a processor",
          .instruction_set = "x86-64-v3",
          .vector_bytes = 32};
}

RnnSpec lstm(std::int64_t I, std::int64_t H, DataType type = DataType::f32) {
  return {.cell = "lstm", .input_size = I, .hidden_size = H, .type = type};
}

cuda::Sizes sizes_of(const RnnSpec& spec, Dims largest, const DeviceFacts& device) {
  return cuda::sizes_of(spec, find_cell(spec.cell), largest, device);
}

TEST(CudaPlanner, TakesStepForEveryCellAndPrecision) {
  const std::pair<DataType, Math> precisions[] = {{DataType::f32, Math::strict},
                                                  {DataType::f32, Math::tf32},
                                                  {DataType::f64, Math::strict},
                                                  {DataType::f16, Math::strict},
                                                  {DataType::bf16, Math::strict}};
  for (const DeviceFacts& device : gpus())
    for (const CellInfo& cell : known_cells())
      for (const auto& [type, math] : precisions)
        for (const Mode mode : {Mode::inference, Mode::training}) {
          const RnnSpec spec{.cell = std::string(cell.name),
                             .input_size = 64,
                             .hidden_size = 128,
                             .type = type,
                             .math = math};
          const Decision decision = decide(spec, {100, 8}, mode, device);
          EXPECT_EQ(decision.algorithm, "step") << device.name << ", " << to_string(spec);
          EXPECT_GT(decision.scratch_bytes, 0);
          EXPECT_EQ(decision.saved_bytes > 0, mode == Mode::training);
        }
}

TEST(CudaPlanner, EachDeviceNamesTheAlgorithmOfTheOther) {
  const auto candidates = [](const DeviceFacts& device) {
    return decide(lstm(2, 3), {7, 5}, Mode::inference, device).candidates;
  };
  const std::vector<Candidate> of_gpu = candidates(h200()), of_cpu = candidates(processor());
  ASSERT_EQ(of_gpu.size(), 5u);
  EXPECT_EQ(of_gpu[0].algorithm, "step");
  EXPECT_TRUE(of_gpu[0].taken);
  EXPECT_EQ(of_gpu[0].reason,
            "W x as one product a chunk of steps; a product and a gate kernel each step, 5.2 us a "
            "step, 36 us a call by constants guessed for an H200");
  EXPECT_EQ(of_gpu[1].algorithm, "block");
  EXPECT_EQ(of_gpu[2].algorithm, "cluster");
  EXPECT_EQ(of_gpu[3].algorithm, "grid");
  EXPECT_EQ(of_gpu[4].algorithm, "cpu");
  EXPECT_FALSE(of_gpu[4].taken);
  EXPECT_EQ(of_gpu[4].reason, "it runs on a cpu device");
  ASSERT_EQ(of_cpu.size(), 5u);
  EXPECT_EQ(of_cpu[0].algorithm, "cpu");
  EXPECT_TRUE(of_cpu[0].taken);
  EXPECT_EQ(of_cpu[1].algorithm, "step");
  EXPECT_FALSE(of_cpu[1].taken);
  EXPECT_EQ(of_cpu[1].reason, "it runs on a cuda device");
}

TEST(CudaPlanner, ExplainsEachAlgorithm) {
  RnnSpec spec = lstm(64, 128);
  spec.math = Math::tf32;
  const Dims largest{1000, 32};
  const Decision decision = decide(spec, largest, Mode::inference, h200());
  const std::string memory = std::to_string(decision.scratch_bytes / MiB);
  const std::string text = explain(decision, spec, largest, Mode::inference, h200());
  EXPECT_EQ(
      text.substr(0, text.find("memory   ")),
      "lstm f32 I=64 H=128 forward math=tf32, inference, T up to 1000, B up to 32\n"
      "device     cuda:0 (NVIDIA H200, compute capability 9.0, 132 SMs, 139 GiB)\n"
      "taken      step: W x as one product a chunk of steps; a product and a gate kernel each "
      "step, "
      "5.25 us a step, 5248 us a call by constants guessed for an H200\n"
      "refused    block: only by name, since no constants of the device are measured: 1 block of "
      "256 "
      "threads a group, 4 groups of 8 rows, 177280 bytes of shared memory a block, 0.86 us a step, "
      "875 us a call by constants guessed for an H200\n"
      "refused    cluster: only by name, since no constants of the device are measured: 8 blocks "
      "of "
      "128 threads a group, 4 groups of 8 rows, 18048 bytes of shared memory a block, 0.57 us a "
      "step, "
      "592 us a call by constants guessed for an H200\n"
      "refused    grid: only by name, since no constants of the device are measured: 8 blocks of "
      "128 "
      "threads a group, 4 groups of 8 rows, 13440 bytes of shared memory a block, 1.26 us a step, "
      "1277 us a call by constants guessed for an H200\n"
      "refused    cpu: it runs on a cpu device\n");
  EXPECT_NE(text.find("memory     scratch " + memory), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with(" MiB, saved 0 bytes")) << text;
}

TEST(CudaPlanner, RefusesAlgorithmsInSentences) {
  RnnSpec spec = lstm(64, 128);
  const auto plan = [&spec](const DeviceFacts& device, Dims largest) {
    return [spec, device, largest] { decide(spec, largest, Mode::inference, device); };
  };
  spec.algorithm = "quick";
  expect_refusal<ArgumentError>(plan(h200(), {7, 5}),
                                "takt: Plan: 'algorithm' is 'quick'; it must be empty or one of "
                                "step, block, cluster, grid, cpu");
  spec.algorithm = "cpu";
  expect_refusal<UnsupportedError>(plan(h200(), {7, 5}),
                                   "takt: Plan: 'algorithm' is cpu, which cannot run this: it runs "
                                   "on a cpu device");
  spec.algorithm = "cluster";
  expect_refusal<UnsupportedError>(plan(a100(), {7, 5}),
                                   "takt: Plan: 'algorithm' is cluster, which cannot run this: the "
                                   "device has no clusters of blocks");
  spec.algorithm = "grid";
  DeviceFacts without_launches = h200();
  without_launches.cooperative_launches = false;
  expect_refusal<UnsupportedError>(plan(without_launches, {7, 5}),
                                   "takt: Plan: 'algorithm' is grid, which cannot run this: the "
                                   "device has no cooperative launches");
  spec.algorithm = "cluster";
  expect_refusal<UnsupportedError>(
      plan(h200(), {std::int64_t{1} << 31, 5}),
      "takt: Plan: 'algorithm' is cluster, which cannot run this: T is "
      "2147483648; it takes at most 2147483647");
  expect_refusal<UnsupportedError>(plan(processor(), {7, 5}),
                                   "takt: Plan: 'algorithm' is cluster, which cannot run this: it "
                                   "runs on a cuda device");
  spec.type = DataType::f64;
  expect_refusal<UnsupportedError>(plan(h200(), {7, 5}),
                                   "takt: Plan: 'algorithm' is cluster, which cannot run this: it "
                                   "has no f64; step has");
  spec = lstm(64, 1024);
  spec.algorithm = "block";
  expect_refusal<UnsupportedError>(plan(h200(), {7, 5}),
                                   "takt: Plan: 'algorithm' is block, which cannot run this: a "
                                   "block would need 64 warps for its units; it has at most 8");
}

TEST(CudaPlanner, RunsWhereItsCodeWasCompiledFor) {
  struct Case {
    int major, minor;
    const char* architectures;
    bool runs;
  };
  const Case cases[] = {{8, 0, "80", true},          {8, 9, "80", true},
                        {8, 0, "86", false},         {9, 0, "80", false},
                        {9, 0, "90", true},          {9, 0, "90a", true},
                        {10, 0, "90a", false},       {10, 0, "90", false},
                        {10, 0, "100a", true},       {10, 3, "100a", false},
                        {10, 3, "100", true},        {10, 3, "100f", true},
                        {10, 0, "100f", true},       {10, 0, "103f", false},
                        {11, 0, "100f", false},      {12, 0, "80 90a 100 120", true},
                        {9, 0, "80 90a", true},      {9, 0, "90a 80", true},
                        {8, 6, "80 90a", true},      {12, 1, "80 90a 100 120", true},
                        {9, 0, "", false},           {9, 0, "native", false},
                        {9, 0, "a", false},          {9, 0, "9 0", false},
                        {11, 0, "80 100 120", false}};
  for (const Case& each : cases) {
    const DeviceFacts device = gpu("", each.major, each.minor, 1, GiB, MiB, each.architectures);
    EXPECT_EQ(why_not_cuda(device).empty(), each.runs)
        << each.major << "." << each.minor << " with code for '" << each.architectures << "'";
  }
}

TEST(CudaPlanner, RefusesDevicesThatItsCodeWasNotCompiledFor) {
  const auto plan = [](const DeviceFacts& device) {
    return [device] { decide(lstm(2, 3), {7, 5}, Mode::inference, device); };
  };
  expect_refusal<UnsupportedError>(
      plan(gpu("NVIDIA H200", 9, 0, 132, 139 * GiB, 50 * MiB, "80")),
      "takt: Plan: 'device' is cuda:0 (NVIDIA H200, compute capability 9.0, 132 SMs, 139 GiB); "
      "this takt was compiled for 80 (TAKT_CUDA_ARCHITECTURES)");
  expect_refusal<UnsupportedError>(
      plan(gpu("NVIDIA B200", 10, 0, 148, 180 * GiB, 50 * MiB, "80 90a")),
      "takt: Plan: 'device' is cuda:0 (NVIDIA B200, compute capability 10.0, 148 SMs, 180 GiB); "
      "this takt was compiled for 80 90a (TAKT_CUDA_ARCHITECTURES)");
  expect_refusal<UnsupportedError>(
      plan(t4()),
      "takt: Plan: 'device' is cuda:0 (NVIDIA T4, compute capability 7.5, 40 SMs, 16 GiB); "
      "takt's GPU code needs compute capability 8.0 or newer");
  EXPECT_EQ(why_not_cuda(gpu("NVIDIA T4", 7, 5, 40, 16 * GiB, 50 * MiB, "75")),
            "takt's GPU code needs compute capability 8.0 or newer");
}

// Memory. ---------------------------------------------------------------------------------------

TEST(CudaPlanner, WorkspaceIsCappedByCapability) {
  const auto workspace = [](const DeviceFacts& device, std::int64_t H, std::int64_t B = 8) {
    return sizes_of(lstm(64, H), {100, B}, device).workspace_bytes;
  };
  for (const DeviceFacts& device : gpus()) {
    const std::int64_t cap = (device.major >= 9 ? 32 : 4) * MiB;
    EXPECT_EQ(workspace(device, 1024), cap) << device.name;
    EXPECT_EQ(workspace(device, 128, 1 << 20), cap) << device.name;
    EXPECT_EQ(workspace(device, 1), 1 * MiB) << device.name;
  }
  // 16 copies of 256 rows of four gates of 128 units, in f32.
  EXPECT_EQ(workspace(h200(), 128), 8 * MiB);
  const auto scratch = [](const DeviceFacts& device) {
    return decide(lstm(64, 1024), {100, 8}, Mode::training, device).scratch_bytes;
  };
  EXPECT_EQ(scratch(h200()) - scratch(a100()), 28 * MiB);
  EXPECT_EQ(scratch(h200()), scratch(b200()));
  EXPECT_EQ(scratch(a100()), scratch(rtx4090()));
}

/// T 100, B 8, I 64, H 128 of an LSTM: all parts are multiples of Plan::alignment but the status
/// and the lengths, which take one each.
TEST(CudaPlanner, MemoryOfAnLstm) {
  constexpr std::int64_t BH = 8 * 128, GH = 4 * 128, rows = 100 * 8, I = 64, H = 128;
  constexpr std::int64_t small_parts = 2 * Plan::alignment;
  const auto check = [&](DataType type, std::int64_t real, std::int64_t acc,
                         std::int64_t workspace) {
    const Decision inference = decide(lstm(I, H, type), {100, 8}, Mode::inference, h200());
    const Decision training = decide(lstm(I, H, type), {100, 8}, Mode::training, h200());
    EXPECT_EQ(inference.scratch_bytes,
              small_parts + BH * (real + acc)                        // h, c
                  + rows * (I * real + GH * acc)                     // x, Wx
                  + 8 * GH * acc + workspace);                       // Rh
    const std::int64_t sums = real == acc ? 0 : GH * (I + H) * acc;  // dW, dR
    EXPECT_EQ(training.scratch_bytes, std::max(inference.scratch_bytes,
                                               small_parts + 3 * BH * acc    // dh, dc, dRh
                                                   + rows * (GH + H) * real  // dwx; x, h or dx
                                                   + 2 * 32 * GH * 8  // bias gradients of 32 parts
                                                   + sums + workspace));
    EXPECT_EQ(training.saved_bytes, Plan::alignment + BH * real  // the mark, h0
                                        + 101 * BH * acc         // c over time
                                        + 100 * 4 * BH * real);  // gates
    EXPECT_EQ(inference.saved_bytes, 0);
  };
  check(DataType::f32, 4, 4, 8 * MiB);
  check(DataType::f64, 8, 8, 16 * MiB);
  check(DataType::f16, 2, 4, 8 * MiB);
  check(DataType::bf16, 2, 4, 8 * MiB);
}

TEST(CudaPlanner, ScratchIsBoundedInT) {
  for (const CellInfo& cell : known_cells())
    for (const Mode mode : {Mode::inference, Mode::training})
      for (const std::int64_t B : {1, 8, 3000}) {
        const RnnSpec spec{.cell = std::string(cell.name), .input_size = 64, .hidden_size = 128};
        const auto scratch = [&](std::int64_t T) {
          return decide(spec, {T, B}, mode, h200()).scratch_bytes;
        };
        EXPECT_LT(scratch(1), scratch(2)) << cell.name;
        EXPECT_EQ(scratch(1 << 20), scratch(1 << 24)) << cell.name;
        // A chunk in f32, what is there once for each row, and the workspace.
        EXPECT_LT(scratch(1 << 24), 2 * 4 * cuda::chunk_elements + B * 128 * 4 * 12 + 32 * MiB)
            << cell.name;
      }
}

TEST(CudaPlanner, ChunksHoldAllRowsOfAStep) {
  // One step of these rows is more than a chunk's elements.
  const cuda::Sizes sizes = sizes_of(lstm(1000, 1000), {5, 10000}, h200());
  EXPECT_EQ(cuda::ForwardLayout(sizes).chunk_rows, 10000);
  EXPECT_EQ(cuda::BackwardLayout(sizes).chunk_rows, 10000);
}

TEST(CudaPlanner, SavedGrowsLinearlyInT) {
  for (const CellInfo& cell : known_cells()) {
    const RnnSpec spec{.cell = std::string(cell.name), .input_size = 64, .hidden_size = 128};
    const auto saved = [&](std::int64_t T) {
      return decide(spec, {T, 8}, Mode::training, h200()).saved_bytes;
    };
    const std::int64_t of_step = (cell.inner_states() + cell.saved) * 8 * 128 * 4;
    EXPECT_EQ(saved(1) - saved(0), of_step) << cell.name;
    EXPECT_EQ(saved(1 << 24) - saved(0), of_step << 24) << cell.name;
  }
}

TEST(CudaPlanner, EmptyPlansNeedLittle) {
  for (const Dims none : {Dims{0, 0}, Dims{0, 5}, Dims{100, 0}}) {
    const Decision decision = decide(lstm(2, 3), none, Mode::training, h200());
    EXPECT_LT(decision.scratch_bytes, 1 * MiB + 32 * 1024) << none.T << ", " << none.B;
    EXPECT_LE(decision.saved_bytes, 3 * Plan::alignment);
    EXPECT_GE(decision.saved_bytes, Plan::alignment) << "the mark";
  }
}

TEST(CudaPlanner, NothingWrapsAtSixteenOrThirtyTwoBits) {
  const RnnSpec spec = lstm(512, 1024, DataType::bf16);
  const Dims largest{1'000'000, 64};
  const Decision decision = decide(spec, largest, Mode::training, h200());
  const std::int64_t BH = 64 * 1024;
  EXPECT_EQ(decision.saved_bytes,
            Plan::alignment + BH * 2 + (largest.T + 1) * BH * 4 + largest.T * 4 * BH * 2);
  EXPECT_GT(largest.T * BH, std::int64_t{1} << 31);
  EXPECT_EQ(decision.scratch_bytes,
            decide(spec, {65'535, 64}, Mode::training, h200()).scratch_bytes);
}

TEST(CudaPlanner, RefusesMemoryPastSixtyThreeBits) {
  const auto plan = [](RnnSpec spec, Dims largest, Mode mode = Mode::training) {
    return [=] { decide(spec, largest, mode, h200()); };
  };
  expect_refusal<ArgumentError>(
      plan(lstm(3, 6), {most, 2}),
      "takt: Plan: 'T' = 9223372036854775807 and 'B' = 2 are too large with I = 3, H = 6; the "
      "memory must be below 2^63 bytes");
  expect_refusal<ArgumentError>(
      plan(lstm(3, 6), {most / 8, 1}),
      "takt: Plan: 'T' = 1152921504606846975 and 'B' = 1 are too large with I = 3, H = 6; the "
      "memory must be below 2^63 bytes");
  expect_refusal<ArgumentError>(plan(lstm(3, 6), {5, std::int64_t{1} << 31}),
                                "takt: Plan: 'B' is 2147483648; it must be between 0 and "
                                "2147483647");
  // Scratch has no copy of the weights.
  EXPECT_NO_THROW(plan(lstm(1, 536'870'911), {1, 4}, Mode::inference)());
  // In inference nothing grows with T.
  EXPECT_NO_THROW(plan(lstm(3, 6), {most / 8, 1}, Mode::inference)());
}

// Layouts. --------------------------------------------------------------------------------------

struct Part {
  const char* name;
  std::int64_t begin, bytes;
};

/// Every part is aligned, ends inside, and shares no byte with another.
void expect_apart(std::vector<Part> parts, std::int64_t bytes, const std::string& what) {
  std::erase_if(parts, [](const Part& part) { return part.bytes == 0; });
  std::sort(parts.begin(), parts.end(),
            [](const Part& a, const Part& b) { return a.begin < b.begin; });
  std::int64_t end = 0;
  for (const Part& part : parts) {
    EXPECT_EQ(part.begin % Plan::alignment, 0) << what << ": " << part.name;
    EXPECT_GE(part.begin, end) << what << ": " << part.name << " overlaps the part before it";
    end = part.begin + part.bytes;
  }
  EXPECT_LE(end, bytes) << what;
  EXPECT_LT(bytes - end, Plan::alignment) << what;
}

constexpr std::int64_t status_bytes = 24, mark_bytes = 24;

std::vector<Part> parts_of(const cuda::ForwardLayout& at, const cuda::Sizes& s) {
  const std::int64_t GH = s.G * s.H, BH = s.B * s.H;
  std::vector<Part> parts{{"status", at.status, status_bytes},
                          {"lengths", at.lengths, s.B * 4},
                          {"h", at.h, BH * s.real_bytes},
                          {"inner", at.inner, s.C * BH * s.acc_bytes},
                          {"Wx", at.Wx, at.chunk_rows * GH * s.acc_bytes},
                          {"Rh", at.Rh, s.B * GH * s.acc_bytes},
                          {"workspace", at.workspace, s.workspace_bytes}};
  if (!s.precomputed) parts.push_back({"x", at.x, at.chunk_rows * s.I * s.real_bytes});
  return parts;
}

/// Elements of a row of x, h or dx in backward; x and dx that are W x take none.
std::int64_t wide_of(const cuda::Sizes& s) {
  return s.precomputed ? s.H : std::max(s.I, s.H);
}

std::vector<Part> parts_of(const cuda::BackwardLayout& at, const cuda::Sizes& s) {
  const std::int64_t GH = s.G * s.H, BH = s.B * s.H;
  std::vector<Part> parts{{"status", at.status, status_bytes},
                          {"lengths", at.lengths, s.B * 4},
                          {"dh", at.dh, BH * s.acc_bytes},
                          {"dinner", at.dinner, s.C * BH * s.acc_bytes},
                          {"dRh", at.dRh, BH * s.acc_bytes},
                          {"dwx", at.dwx, at.chunk_rows * GH * s.real_bytes},
                          {"rows", at.rows, at.chunk_rows * wide_of(s) * s.real_bytes},
                          {"sums", at.sums, 2 * 32 * GH * 8},
                          {"workspace", at.workspace, s.workspace_bytes}};
  if (!s.shared_gradient) parts.push_back({"drh", at.drh, at.chunk_rows * GH * s.real_bytes});
  if (s.real_bytes != s.acc_bytes) {
    if (!s.precomputed) parts.push_back({"dW", at.dW, GH * s.I * s.acc_bytes});
    parts.push_back({"dR", at.dR, GH * s.H * s.acc_bytes});
  }
  return parts;
}

std::vector<Part> parts_of(const cuda::SavedLayout& at, const cuda::Sizes& s) {
  const std::int64_t BH = s.B * s.H;
  return {{"mark", at.mark, mark_bytes},
          {"h0", at.h0, BH * s.real_bytes},
          {"inner", at.inner, (s.T + 1) * s.C * BH * s.acc_bytes},
          {"steps", at.steps, s.T * s.V * BH * s.real_bytes}};
}

/// Rows of all steps, or as many steps as a chunk's elements allow, at least one.
void expect_chunk(std::int64_t chunk_rows, const cuda::Sizes& s, std::int64_t row_elements,
                  const std::string& what) {
  EXPECT_LE(chunk_rows, s.T * s.B) << what;
  EXPECT_GE(chunk_rows, std::min<std::int64_t>(s.T, 1) * s.B) << what;
  if (chunk_rows < s.T * s.B && chunk_rows > s.B) {
    EXPECT_LE(chunk_rows * row_elements, cuda::chunk_elements) << what;
    EXPECT_GT((chunk_rows + 1) * row_elements, cuda::chunk_elements) << what;
  }
}

void expect_sound_layouts(const RnnSpec& spec, Dims largest) {
  const cuda::Sizes s = sizes_of(spec, largest, h200());
  const std::string what =
      to_string(spec) + " T=" + std::to_string(largest.T) + " B=" + std::to_string(largest.B);
  const cuda::ForwardLayout forward(s);
  expect_apart(parts_of(forward, s), forward.bytes, what + ", forward");
  expect_chunk(forward.chunk_rows, s, s.G * s.H + (s.precomputed ? 0 : s.I), what);
  const cuda::BackwardLayout backward(s);
  expect_apart(parts_of(backward, s), backward.bytes, what + ", backward");
  expect_chunk(backward.chunk_rows, s, (s.shared_gradient ? 1 : 2) * s.G * s.H + wide_of(s), what);
  EXPECT_EQ(backward.drh == backward.dwx, s.shared_gradient || s.T * s.B == 0) << what;
  EXPECT_EQ(forward.status, 0) << "where takt::status looks";
  EXPECT_EQ(backward.status, 0) << "where takt::status looks";
  const cuda::SavedLayout saved(s);
  expect_apart(parts_of(saved, s), saved.bytes, what + ", saved");
}

TEST(CudaLayout, PartsAreAlignedAndApart) {
  for (const CellInfo& cell : known_cells())
    for (const DataType type : {DataType::f32, DataType::f64, DataType::f16, DataType::bf16})
      for (const std::int64_t H : {1, 3, 64, 1025})
        for (const std::int64_t T : {0, 1, 5, 70'000})
          for (const std::int64_t B : {0, 1, 3, 129}) {
            RnnSpec spec{.cell = std::string(cell.name), .hidden_size = H, .type = type};
            for (const std::int64_t I : {1, 7, 700}) {
              spec.input_size = I;
              expect_sound_layouts(spec, {T, B});
            }
            spec.input_size = cell.gates * H;
            spec.input = InputMode::precomputed;
            expect_sound_layouts(spec, {T, B});
          }
}

}  // namespace
}  // namespace takt
