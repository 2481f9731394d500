// The persistent kernels of bf16.
#include "cuda/persistent.cuh"

namespace takt::cuda {

TAKT_PERSISTENT_LAUNCHES(TensorProduct<__nv_bfloat16>)

}  // namespace takt::cuda
