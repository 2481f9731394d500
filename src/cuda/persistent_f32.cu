// The persistent kernels of f32.
#include "cuda/persistent.cuh"

namespace takt::cuda {

TAKT_PERSISTENT_LAUNCHES(StrictProduct)

}  // namespace takt::cuda
