// What a plan of the step algorithm chose when it was made.
#pragma once

#include "cuda/context.hpp"
#include "cuda/layout.hpp"
#include "cuda/product.hpp"

namespace takt::cuda {

struct Prepared {
  std::shared_ptr<const Context> context;
  Sizes sizes;
  Product input;      // Wx = x W^T
  Product recurrent;  // Rh = h R^T
  // Of a plan for training:
  Product recurrent_gradient;  // dRh = drh R
  Product input_gradient;      // dx = dwx W
  Product W_gradient;          // dW = dwx^T x
  Product R_gradient;          // dR = drh^T h
};

/// Loads the kernels of src/cuda/forward.cu and src/cuda/backward.cu that a plan's calls launch.
void load_forward(const Plan::State& plan);
void load_backward(const Plan::State& plan);

}  // namespace takt::cuda
