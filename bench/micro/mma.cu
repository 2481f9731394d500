// Products on tensor cores by mma.sync: how many a device does, and how long one takes that needs
// the one before. All elements are 1 or -1, so that every sum is known and exact.
//
// Parameters: type f16, bf16 (m16n8k16) or tf32 (m16n8k8); of rates also warps, in one block a
// multiprocessor, and accumulators: independent products of each warp.
#include <takt/kernels/ptx/mma.cuh>

#include "runner.cuh"

namespace takt::micro {
namespace {

struct MmaParams {
  int iterations;
  std::uint32_t spoiled;  // bits to turn in one lane's A
  Outcome* outcome;
};

template <class Real>
struct Element;
template <>
struct Element<__half> {
  static constexpr int k = 16;
  static constexpr std::uint32_t one = 0x3C003C00, sign = 0x80008000;
};
template <>
struct Element<__nv_bfloat16> {
  static constexpr int k = 16;
  static constexpr std::uint32_t one = 0x3F803F80, sign = 0x80008000;
};
template <>
struct Element<ptx::Tf32> {
  static constexpr int k = 8;
  static constexpr std::uint32_t one = 0x3F800000, sign = 0x80000000;
};

template <class Real>
TAKT_DEVICE void multiply(ptx::FragmentC& c, const ptx::FragmentA<Real>& a,
                          const ptx::FragmentB<Real>& b) {
  if constexpr (Element<Real>::k == 16)
    ptx::mma_m16n8k16(c, a, b);
  else
    ptx::mma_m16n8k8(c, a, b);
}

/// Odd rows of A and odd columns of B are -1.
template <class Real, int accumulators>
__global__ void __launch_bounds__(512) mma_kernel(MmaParams p) {
  using E = Element<Real>;
  const unsigned group = threadIdx.x % 32 / 4;
  const std::uint32_t word = E::one ^ (group % 2 != 0 ? E::sign : 0u);
  const std::uint32_t wrong_bits = threadIdx.x == 0 ? p.spoiled : 0u;
  const ptx::FragmentA<Real> a{{word ^ wrong_bits, word, word, word}};
  const ptx::FragmentB<Real> b{{word, word}};
  ptx::FragmentC c[accumulators] = {};
  __syncthreads();
  Stopwatch watch;
  watch.start();
  TAKT_UNROLL(4)
  for (int n = 0; n < p.iterations; ++n) {
    TAKT_UNROLL(accumulators)
    for (int m = 0; m < accumulators; ++m) multiply<Real>(c[m], a, b);
  }
  std::uint32_t wrong = 0;
  TAKT_UNROLL(accumulators)
  for (int m = 0; m < accumulators; ++m) {
    TAKT_UNROLL(4)
    for (int s = 0; s < 4; ++s) {
      const float size = static_cast<float>(E::k * p.iterations);
      wrong += c[m].sums[s] != ((group + static_cast<unsigned>(s)) % 2 != 0 ? -size : size);
    }
  }
  __syncthreads();
  watch.stop(p.outcome);
  add_wrong(wrong, p.outcome);
}

template <class Real, int accumulators>
void measure_rate(Runner& runner, const char* type, int warps) {
  const int blocks = runner.blocks(), iterations = runner.sizes().instructions;
  runner.measure({{"type", type}, {"warps", warps}, {"accumulators", accumulators}}, [&] {
    const double operations = 2.0 * 16 * 8 * Element<Real>::k * accumulators * warps * iterations *
                              static_cast<double>(blocks);
    return runner.repeated([&] {
      double ns = 0;
      runner.timed([&](Outcome* there) {
        ns = runner.elapsed_ns([&] {
          launch(mma_kernel<Real, accumulators>, {.blocks = blocks, .threads = 32 * warps},
                 runner.stream(),
                 MmaParams{iterations, runner.spoiled() ? Element<Real>::sign : 0u, there});
        });
      });
      return operations / ns / 1e3;
    });
  });
}

template <class Real>
void measure_rates(Runner& runner, const char* type) {
  for (const int warps : runner.sizes().warps) {
    measure_rate<Real, 1>(runner, type, warps);
    measure_rate<Real, 4>(runner, type, warps);
    measure_rate<Real, 8>(runner, type, warps);
  }
}

template <class Real>
void measure_latency(Runner& runner, const char* type) {
  runner.measure({{"type", type}}, [&] {
    return runner.repeated([&] {
      const int iterations = runner.sizes().instructions;
      const Outcome outcome = runner.timed([&](Outcome* there) {
        launch(mma_kernel<Real, 1>, {.blocks = 1, .threads = 32}, runner.stream(),
               MmaParams{iterations, runner.spoiled() ? Element<Real>::sign : 0u, there});
      });
      return static_cast<double>(outcome.ns) / iterations;
    });
  });
}

}  // namespace

void run_mma_rate(Runner& runner) {
  measure_rates<__half>(runner, "f16");
  measure_rates<__nv_bfloat16>(runner, "bf16");
  measure_rates<ptx::Tf32>(runner, "tf32");
}

void run_mma_latency(Runner& runner) {
  measure_latency<__half>(runner, "f16");
  measure_latency<__nv_bfloat16>(runner, "bf16");
  measure_latency<ptx::Tf32>(runner, "tf32");
}

}  // namespace takt::micro
