// Marks functions that run on the host and in kernels.
#pragma once

#ifdef __CUDACC__
#define LANGUAGE_MODEL_BOTH __host__ __device__
#else
#define LANGUAGE_MODEL_BOTH
#endif
