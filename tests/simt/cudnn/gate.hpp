// What a library that is loaded at run time may ask of the emulated device.
#pragma once

#include <functional>

struct CUstream_st;

namespace simt {

/// Enqueues what touches memory of the device; false for what is no stream.
__attribute__((visibility("default"))) bool enqueue_for_library(CUstream_st* stream,
                                                                std::function<void()> work);
/// Whether all of these bytes are one allocation's on the device.
__attribute__((visibility("default"))) bool is_device_memory(const void* begin, std::size_t bytes);
/// From now on every call fails, as after a kernel that touched what it must not.
__attribute__((visibility("default"))) void lose_device();

}  // namespace simt
