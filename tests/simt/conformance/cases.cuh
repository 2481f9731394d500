// All conformance cases.
#pragma once

#include "conformance/cluster.cuh"
#include "conformance/control.cuh"
#include "conformance/cp_async.cuh"
#include "conformance/fast_math.cuh"
#include "conformance/flag.cuh"
#include "conformance/ldmatrix.cuh"
#include "conformance/mbarrier.cuh"
#include "conformance/mma.cuh"

namespace conformance {

inline std::vector<Case> all_cases() {
  std::vector<Case> all;
  for (const auto& cases : {mma_cases(), ldmatrix_cases(), cp_async_cases(), cluster_cases(),
                            mbarrier_cases(), flag_cases(), control_cases(), fast_math_cases()})
    all.insert(all.end(), cases.begin(), cases.end());
  return all;
}

}  // namespace conformance
