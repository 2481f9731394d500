// What a programmer writes first for a GPU, beside takt: W x of all steps in one product of
// cuBLAS, unless it is given, then for each step one product R h and one kernel for the gates.
// Inference only.
#pragma once

#include "peer.hpp"

namespace takt::bench {

/// "on cuBLASLt 13.0.2", which makes its products.
std::string loop_version();
std::string loop_missing();
std::unique_ptr<Peer> prepare_loop(const Problem& problem, const Agrees& agrees);

}  // namespace takt::bench
