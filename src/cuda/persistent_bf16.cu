// The persistent kernels of bf16, forward.
#include "cuda/persistent.cuh"

namespace takt::cuda {

TAKT_PERSISTENT_LAUNCHES(TensorProduct<__nv_bfloat16>, PersistentForward)
TAKT_PACK_FRAGMENTS(TensorProduct<__nv_bfloat16>)

}  // namespace takt::cuda
