// What src/cuda/cuda.hpp names, where takt is built without CUDA: there is no device.
#include <takt/error.hpp>

#include "cuda/cuda.hpp"

namespace takt::cuda {
namespace {

// No Device exists that could ask for more than `open`.
[[noreturn]] void absent() {
  throw DeviceError("takt: built without CUDA");
}

}  // namespace

Opened open(int ordinal) {
  throw DeviceError("takt: Device::cuda: no device " + std::to_string(ordinal) +
                    ": takt was built without CUDA");
}
int groups_at_once(const Device&, const RnnSpec&, std::int64_t, const policy::PersistentShape&) {
  absent();
}
std::shared_ptr<const Prepared> prepare(const Plan::State&) {
  absent();
}
void forward(const Plan::State&, Dims, const Inputs&, const Outputs&, const MemoryView&,
             StreamRef) {
  absent();
}
void backward(const Plan::State&, Dims, const Inputs&, const Outputs&, const Upstream&,
              const Gradients&, const MemoryView&, StreamRef) {
  absent();
}
std::shared_ptr<void> allocate(int, std::int64_t) {
  absent();
}
void upload(int, void*, const void*, std::int64_t) {
  absent();
}
void download(int, void*, const void*, std::int64_t, CUstream_st*) {
  absent();
}
CUstream_st* create_stream(int) {
  absent();
}
void destroy_stream(int, CUstream_st*) noexcept {}
void synchronize(int, CUstream_st*) {
  absent();
}
std::optional<std::string> foreign_place(int, const void*) {
  absent();
}
CallStatus status(const Bytes&, CUstream_st*) {
  absent();
}

}  // namespace takt::cuda
