// The persistent kernels of tf32, forward.
#include "cuda/persistent.cuh"

namespace takt::cuda {

TAKT_PERSISTENT_LAUNCHES(Tf32Product, PersistentForward)
TAKT_PACK_FRAGMENTS(Tf32Product)

}  // namespace takt::cuda
