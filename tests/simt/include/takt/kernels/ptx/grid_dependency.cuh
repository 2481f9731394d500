// Stands for kernels/ptx/grid_dependency.cuh on the emulated device, where the launches of a stream
// run one after the other: nothing to wait for, nobody to let begin. A missing wait does not show.
#pragma once

#include <takt/kernels/device.cuh>

namespace takt::ptx {

inline void grid_dependency_wait() {}
inline void grid_dependency_launch_dependents() {}

}  // namespace takt::ptx
