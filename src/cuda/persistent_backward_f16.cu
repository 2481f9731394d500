// The persistent kernels of f16, backward.
#include "cuda/persistent.cuh"

namespace takt::cuda {

TAKT_PERSISTENT_LAUNCHES(TensorProduct<__half>, PersistentBackward)

}  // namespace takt::cuda
