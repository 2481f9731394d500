// The persistent kernels of f16.
#include "cuda/persistent.cuh"

namespace takt::cuda {

TAKT_PERSISTENT_LAUNCHES(TensorProduct<__half>)

}  // namespace takt::cuda
