// The persistent kernels of f16, forward.
#include "cuda/persistent.cuh"

namespace takt::cuda {

TAKT_PERSISTENT_LAUNCHES(TensorProduct<__half>, PersistentForward)
TAKT_PACK_FRAGMENTS(TensorProduct<__half>)

}  // namespace takt::cuda
