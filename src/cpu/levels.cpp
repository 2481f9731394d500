// The instruction-set levels of the CPU path: which were built, which this machine can run.
#include "cpu/levels.hpp"

namespace takt::cpu {

#if defined(TAKT_CPU_HAS_generic)
namespace generic {
extern const Level level;
}
#endif
#if defined(TAKT_CPU_HAS_v2)
namespace v2 {
extern const Level level;
}
#endif
#if defined(TAKT_CPU_HAS_v3)
namespace v3 {
extern const Level level;
}
#endif
#if defined(TAKT_CPU_HAS_v4)
namespace v4 {
extern const Level level;
}
#endif

namespace {

// What the psABI's levels ask for, as far as compiled code can make use of it.
#if defined(TAKT_CPU_HAS_v2)
bool has_v2() {
  return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
}
#endif
#if defined(TAKT_CPU_HAS_v3)
bool has_v3() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}
#endif
#if defined(TAKT_CPU_HAS_v4)
bool has_v4() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("bmi2") &&
         __builtin_cpu_supports("fma");
}
#endif

}  // namespace

std::span<const NamedLevel> levels() noexcept {
  static const NamedLevel built[] = {
#if defined(TAKT_CPU_HAS_generic)
    {"generic", &generic::level, true},
#endif
#if defined(TAKT_CPU_HAS_v2)
    {"x86-64-v2", &v2::level, has_v2()},
#endif
#if defined(TAKT_CPU_HAS_v3)
    {"x86-64-v3", &v3::level, has_v3()},
#endif
#if defined(TAKT_CPU_HAS_v4)
    {"x86-64-v4", &v4::level, has_v4()},
#endif
  };
  return built;
}

const NamedLevel* find_level(std::string_view name) noexcept {
  const NamedLevel* found = nullptr;
  for (const NamedLevel& level : levels())
    if (level.runs_here && (name.empty() || name == level.name)) found = &level;
  return found;
}

}  // namespace takt::cpu
