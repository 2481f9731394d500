// The gate kernels of bf16.
#include "cuda/step.cuh"

namespace takt::cuda {

TAKT_STEP_LAUNCHES(__nv_bfloat16)

}  // namespace takt::cuda
