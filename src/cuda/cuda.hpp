// What the rest of takt asks of CUDA; src/cuda/absent.cpp answers where takt is built without it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <takt/plan.hpp>
#include <takt/status.hpp>

#include "facts.hpp"
#include "plan_state.hpp"

namespace takt::cuda {

/// A device as its calls use it: the handle of cuBLASLt.
struct Context;

struct Opened {
  DeviceFacts facts;
  std::shared_ptr<const Context> context;
};
/// Throws DeviceError, with the reason, where there is no such device.
Opened open(int ordinal);

/// How many groups of blocks of a persistent kernel, in the pass of its shape, the device can run
/// at once as it is. Loads the kernel.
int groups_at_once(const Device& device, const RnnSpec& spec, std::int64_t cell_index,
                   const policy::PersistentShape& shape);

/// What a plan chose once: an algorithm for each product. Loads every kernel that its calls run.
struct Prepared;
std::shared_ptr<const Prepared> prepare(const Plan::State& plan);

/// Enqueue a checked call.
void forward(const Plan::State& plan, Dims dims, const Inputs& inputs, const Outputs& outputs,
             const MemoryView& memory, StreamRef stream);
void backward(const Plan::State& plan, Dims dims, const Inputs& inputs, const Outputs& outputs,
              const Upstream& upstream, const Gradients& gradients, const MemoryView& memory,
              StreamRef stream);

/// Memory of a device, filled with zeros. Throws std::bad_alloc where it is short.
std::shared_ptr<void> allocate(int ordinal, std::int64_t bytes);
/// Copies that are done when these return. `download` waits for `stream` first.
void upload(int ordinal, void* to, const void* from, std::int64_t bytes);
void download(int ordinal, void* to, const void* from, std::int64_t bytes, CUstream_st* stream);

CUstream_st* create_stream(int ordinal);
void destroy_stream(int ordinal, CUstream_st* stream) noexcept;
void synchronize(int ordinal, CUstream_st* stream);

/// Where memory lies that is neither of device `ordinal` nor managed, as far as CUDA can tell.
/// Pinned memory is the cpu's, though a GPU might reach it.
std::optional<std::string> foreign_place(int ordinal, const void* pointer);

/// Waits for the stream, then reads what the last call with this scratch memory noticed.
CallStatus status(const Bytes& scratch, CUstream_st* stream);

}  // namespace takt::cuda
