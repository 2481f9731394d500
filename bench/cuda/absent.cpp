// What benchmarks have for GPUs where takt is built without CUDA: sentences.
#include <takt/error.hpp>

#include "cuda/event_clock.hpp"
#include "cuda/part.hpp"
#include "peer_cudnn.hpp"
#include "peer_loop.hpp"

namespace takt::bench {
namespace {

constexpr const char* missing = "built without CUDA";

}  // namespace

std::unique_ptr<DeviceClock> make_event_clock(const Stream&) {
  throw DeviceError("takt: benchmarks on a GPU: built without CUDA");
}

Array part_on_gpu(const Array&, std::int64_t, std::int64_t, const Stream&) {
  throw DeviceError("takt: benchmarks on a GPU: built without CUDA");
}

std::string cudnn_version() {
  return "";
}
std::string cudnn_missing() {
  return missing;
}
std::unique_ptr<Peer> prepare_cudnn(const Problem&, const Agrees&) {
  throw PeerRefusal(missing);
}

std::string loop_version() {
  return "";
}
std::string loop_missing() {
  return missing;
}
std::unique_ptr<Peer> prepare_loop(const Problem&, const Agrees&) {
  throw PeerRefusal(missing);
}

}  // namespace takt::bench
