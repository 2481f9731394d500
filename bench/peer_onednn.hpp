// oneDNN beside takt on the CPU.
#pragma once

#include "peer.hpp"

namespace takt::bench {

std::string onednn_version();
std::string onednn_missing();
std::unique_ptr<Peer> prepare_onednn(const Problem& problem, const Agrees& agrees);

}  // namespace takt::bench
