// The gate kernels of f32.
#include "cuda/step.cuh"

namespace takt::cuda {

TAKT_STEP_LAUNCHES(float)

}  // namespace takt::cuda
