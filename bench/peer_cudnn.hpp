// cuDNN beside takt on a GPU.
#pragma once

#include "peer.hpp"

namespace takt::bench {

/// "9.19.0".
std::string cudnn_version();
std::string cudnn_missing();
std::unique_ptr<Peer> prepare_cudnn(const Problem& problem, const Agrees& agrees);

}  // namespace takt::bench
