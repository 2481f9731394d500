// The persistent kernels of bf16, backward.
#include "cuda/persistent.cuh"

namespace takt::cuda {

TAKT_PERSISTENT_LAUNCHES(TensorProduct<__nv_bfloat16>, PersistentBackward)

}  // namespace takt::cuda
