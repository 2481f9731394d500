// The persistent kernels of tf32, backward.
#include "cuda/persistent.cuh"

namespace takt::cuda {

TAKT_PERSISTENT_LAUNCHES(Tf32Product, PersistentBackward)

}  // namespace takt::cuda
