// Stands for kernels/ptx/scope.cuh on the emulated device.
#pragma once

#include <takt/kernels/device.cuh>

namespace takt::ptx {

using simt::Scope;

}  // namespace takt::ptx
