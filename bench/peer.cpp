// The libraries that takt can be measured against.
#include "peer.hpp"

#include "peer_cudnn.hpp"
#include "peer_loop.hpp"
#include "peer_onednn.hpp"

namespace takt::bench {
namespace {

constexpr PeerLibrary libraries[] = {
    {"onednn", "oneDNN", DeviceKind::cpu, false, onednn_version, onednn_missing, prepare_onednn},
    {"cudnn", "cuDNN", DeviceKind::cuda, false, cudnn_version, cudnn_missing, prepare_cudnn},
    {"two-kernel-loop", "two-kernel loop", DeviceKind::cuda, true, loop_version, loop_missing,
     prepare_loop},
};

}  // namespace

std::span<const PeerLibrary> peer_libraries() {
  return libraries;
}

}  // namespace takt::bench
