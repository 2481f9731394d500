// A device as its calls use it.
#pragma once

#include <unistd.h>

#include <cublasLt.h>

#include "cuda/cuda.hpp"

namespace takt::cuda {

struct Context {
  int ordinal;
  cublasLtHandle_t blas;
  pid_t process;  // whose the handle is: after fork() a child cannot give it back

  explicit Context(int ordinal);
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context();
};

}  // namespace takt::cuda
