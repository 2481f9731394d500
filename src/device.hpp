// What stands behind a Device.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>

#include <takt/array.hpp>
#include <takt/device.hpp>

#include "cpu/levels.hpp"
#include "cpu/thread_pool.hpp"
#include "facts.hpp"

namespace takt::cuda {
struct Context;
}

namespace takt {

struct Device::State {
  DeviceFacts facts;
  pid_t process = getpid();
  const cpu::Level* level = nullptr;             // of a cpu device
  std::unique_ptr<cpu::ThreadPool> pool;         // of a cpu device
  std::shared_ptr<const cuda::Context> context;  // of a cuda device

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  // After fork() the pool's threads are in the other process and cannot be waited for.
  ~State() {
    if (!is_of_this_process()) (void)pool.release();
  }

  bool is_of_this_process() const noexcept { return process == getpid(); }
};

/// Uniform values in [-bound, bound): those of the sequence that `seed` and `sequence` name.
void fill_uniform(Array& array, std::uint64_t seed, std::uint32_t sequence, double bound);

/// Memory of a device, filled with zeros; aligned to Plan::alignment. Null for 0 bytes.
std::shared_ptr<void> allocate(const Device& device, std::int64_t bytes);

/// Between the host and an array, whatever its device; done when they return. `download` comes
/// after all work on `stream`.
void upload(Array& array, const void* from);
void download(const Array& array, void* to, StreamRef stream);

}  // namespace takt
