// The gate kernels of f64.
#include "cuda/step.cuh"

namespace takt::cuda {

TAKT_STEP_LAUNCHES(double)

}  // namespace takt::cuda
