// Functions in one instruction, to fewer digits than f32 holds.
#pragma once

#include <takt/kernels/device.cuh>

namespace takt::ptx {

/// tanh(x), relative error up to 2^-11. tanh.approx.f32: "Floating Point Instructions: tanh".
TAKT_DEVICE float tanh_approx(float x) {
  float y;
  asm("tanh.approx.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

/// 2^x, relative error up to 2^-22; results below f32's normal numbers are 0. ex2.approx.ftz.f32:
/// "Floating Point Instructions: ex2".
TAKT_DEVICE float exp2_approx(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

}  // namespace takt::ptx
