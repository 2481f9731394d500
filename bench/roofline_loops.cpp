// Loops that ask all of a core; compiled once for each instruction-set level, as the CPU path is.
#include "roofline_loops.hpp"

namespace takt::bench::TAKT_CPU_LEVEL {
namespace {

#if defined(__AVX512F__)
constexpr int vector_bytes = 64;
#elif defined(__AVX__)
constexpr int vector_bytes = 32;
#else
constexpr int vector_bytes = 16;
#endif

// Chains of a pipe's latency times the number of pipes, and no more than there are registers: 4
// cycles and 2 pipes on the x86 processors of the last ten years.
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
constexpr bool fused = true;
constexpr int chains = 12;
#else
constexpr bool fused = false;
constexpr int chains = 6;  // of multiplications, and as many of additions
#endif

template <class Real>
std::int64_t multiply(std::int64_t rounds, Real factor, Real addend, Real* sum) {
  typedef Real Vector __attribute__((vector_size(vector_bytes)));
  constexpr int lanes = vector_bytes / static_cast<int>(sizeof(Real));
  const Vector a = Vector{} + factor, b = Vector{} + addend;
  Vector products[chains], sums[chains];
  for (int n = 0; n < chains; ++n) {
    products[n] = Vector{} + static_cast<Real>(n);
    sums[n] = products[n];
  }
  for (std::int64_t round = 0; round < rounds; ++round)
    for (int n = 0; n < chains; ++n) {
      if constexpr (fused) {
        sums[n] = sums[n] * a + b;
      } else {
        products[n] = products[n] * a;
        sums[n] = sums[n] + b;
      }
    }
  Vector all{};
  for (int n = 0; n < chains; ++n) all += products[n] + sums[n];
  *sum = 0;
  for (int lane = 0; lane < lanes; ++lane) *sum += all[lane];
  return 2 * rounds * chains * lanes;
}

std::uint64_t read(const void* data, std::int64_t bytes, std::int64_t passes) {
  typedef std::uint64_t Vector __attribute__((vector_size(vector_bytes), may_alias));
  constexpr int vectors = 8;
  static_assert(read_bytes % (vectors * vector_bytes) == 0);
  Vector sums[vectors] = {};
  const void* const volatile source =
      data;  // for all that the compiler knows another one each pass
  for (std::int64_t pass = 0; pass < passes; ++pass) {
    const auto* at = static_cast<const Vector*>(source);
    for (std::int64_t left = bytes / vector_bytes; left > 0; left -= vectors, at += vectors)
      for (int n = 0; n < vectors; ++n) sums[n] += at[n];
  }
  Vector all{};
  for (int n = 0; n < vectors; ++n) all += sums[n];
  return all[0] + all[1];
}

}  // namespace

extern const RooflineLoops loops;
const RooflineLoops loops{multiply<float>, multiply<double>, read};

}  // namespace takt::bench::TAKT_CPU_LEVEL
