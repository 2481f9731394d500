// Stands for kernels/ptx/flag.cuh on the emulated device: who polls gives way to others.
#pragma once

#include <cstdint>
#include <type_traits>

#include <takt/kernels/device.cuh>
#include <takt/kernels/ptx/scope.cuh>

#include "device/flag.hpp"

namespace takt::ptx {

template <class Integer>
concept Flag = std::is_integral_v<Integer> &&(sizeof(Integer) == 4 || sizeof(Integer) == 8);

template <Scope scope, Flag Integer>
Integer load_acquire(const Integer* address, SIMT_CALLED_FROM) {
  return static_cast<Integer>(simt::load_flag(address, sizeof(Integer),
                                              simt::race::Meaning::acquire, scope,
                                              simt::site_of("load_acquire", file, line)));
}

template <Scope scope, Flag Integer>
Integer load_relaxed(const Integer* address, SIMT_CALLED_FROM) {
  return static_cast<Integer>(simt::load_flag(address, sizeof(Integer),
                                              simt::race::Meaning::relaxed, scope,
                                              simt::site_of("load_relaxed", file, line)));
}

template <Scope scope, Flag Integer>
void store_release(Integer* address, std::type_identity_t<Integer> value, SIMT_CALLED_FROM) {
  simt::store_flag(address, static_cast<std::uint64_t>(value), sizeof(Integer),
                   simt::race::Meaning::release, scope, simt::site_of("store_release", file, line));
}

template <Scope scope, Flag Integer>
void store_relaxed(Integer* address, std::type_identity_t<Integer> value, SIMT_CALLED_FROM) {
  simt::store_flag(address, static_cast<std::uint64_t>(value), sizeof(Integer),
                   simt::race::Meaning::relaxed, scope, simt::site_of("store_relaxed", file, line));
}

template <Scope scope, Flag Integer>
Integer add_acquire_release(Integer* address, std::type_identity_t<Integer> value,
                            SIMT_CALLED_FROM) {
  return static_cast<Integer>(simt::add_to_flag(address, static_cast<std::uint64_t>(value),
                                                sizeof(Integer),
                                                simt::race::Meaning::acquire_release, scope,
                                                simt::site_of("add_acquire_release", file, line)));
}

template <Scope scope, Flag Integer>
Integer add_release(Integer* address, std::type_identity_t<Integer> value, SIMT_CALLED_FROM) {
  return static_cast<Integer>(simt::add_to_flag(address, static_cast<std::uint64_t>(value),
                                                sizeof(Integer), simt::race::Meaning::release,
                                                scope, simt::site_of("add_release", file, line)));
}

template <Scope scope, Flag Integer>
Integer add_relaxed(Integer* address, std::type_identity_t<Integer> value, SIMT_CALLED_FROM) {
  return static_cast<Integer>(simt::add_to_flag(address, static_cast<std::uint64_t>(value),
                                                sizeof(Integer), simt::race::Meaning::relaxed,
                                                scope, simt::site_of("add_relaxed", file, line)));
}

template <Scope scope>
void fence_acquire_release() {
  simt::fence(scope);
}

}  // namespace takt::ptx
