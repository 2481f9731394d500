// The persistent kernels of tf32.
#include "cuda/persistent.cuh"

namespace takt::cuda {

TAKT_PERSISTENT_LAUNCHES(Tf32Product)

}  // namespace takt::cuda
