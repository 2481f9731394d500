// Runs every PTX wrapper on the GPU that is there and compares with what it means: one line each.
// What the emulated device does is worth as much as this says ok.
//
// Needs compute capability 9.0. Without such a device all is skipped, which is an error where
// TAKT_REQUIRE_GPU is 1.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "conformance/cases.cuh"

namespace {

/// Why nothing can run; empty where it can.
std::string no_device() {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess) return cudaGetErrorString(error);
  if (count == 0) return "no device";
  int major = 0;
  if (cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0) != cudaSuccess)
    return "the device does not answer";
  if (major != 9) return "the device has compute capability " + std::to_string(major) + ", not 9";
  return {};
}

std::string result_of(const conformance::Case& each) {
  try {
    return each.run();
  } catch (const std::exception& error) {
    return error.what();
  }
}

bool gpu_is_required() {
  const char* const value = std::getenv("TAKT_REQUIRE_GPU");
  return value != nullptr && std::string(value) == "1";
}

}  // namespace

int main() {
  const std::vector<conformance::Case> cases = conformance::all_cases();
  if (const std::string missing = no_device(); !missing.empty()) {
    std::printf("%s: %zu cases: %s\n", gpu_is_required() ? "failed" : "skipped", cases.size(),
                missing.c_str());
    return gpu_is_required() ? 1 : 0;
  }
  int failed = 0;
  for (const conformance::Case& each : cases) {
    const std::string difference = result_of(each);
    failed += difference.empty() ? 0 : 1;
    std::printf("%s: %s\n", each.name, difference.empty() ? "ok" : difference.c_str());
    std::fflush(stdout);  // said even where the next one hangs
  }
  std::printf("%zu passed, %d failed\n", cases.size() - static_cast<std::size_t>(failed), failed);
  return failed > 0 ? 1 : 0;
}
