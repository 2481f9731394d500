// The persistent kernels of f32, forward.
#include "cuda/persistent.cuh"

namespace takt::cuda {

TAKT_PERSISTENT_LAUNCHES(StrictProduct, PersistentForward)
TAKT_PACK_FRAGMENTS(StrictProduct)

}  // namespace takt::cuda
