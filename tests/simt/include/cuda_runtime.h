// Stands before CUDA's own cuda_runtime.h where kernels are compiled for the emulated device.
#pragma once

#include_next <cuda_runtime.h>

#include "language.hpp"
