// The gate kernels of f16.
#include "cuda/step.cuh"

namespace takt::cuda {

TAKT_STEP_LAUNCHES(__half)

}  // namespace takt::cuda
