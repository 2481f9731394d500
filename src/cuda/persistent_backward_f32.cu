// The persistent kernels of f32, backward.
#include "cuda/persistent.cuh"

namespace takt::cuda {

TAKT_PERSISTENT_LAUNCHES(StrictProduct, PersistentBackward)

}  // namespace takt::cuda
