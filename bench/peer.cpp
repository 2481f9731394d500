// The libraries that takt can be measured against.
#include "peer.hpp"

#include "peer_onednn.hpp"

namespace takt::bench {
namespace {

constexpr PeerLibrary libraries[] = {
    {"onednn", "oneDNN", DeviceKind::cpu, onednn_version, onednn_missing, prepare_onednn},
};

}  // namespace

std::span<const PeerLibrary> peer_libraries() {
  return libraries;
}

}  // namespace takt::bench
