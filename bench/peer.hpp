// Another library's run of a problem, to be timed beside takt's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "problem.hpp"

namespace takt::bench {

/// Why a library does not run a problem: "oneDNN has no lstm in f64".
struct PeerRefusal : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A result that both libraries have, in takt's shape and order of gates.
struct PeerTensor {
  std::string name;  ///< y hT cT dx dW dR dbW dbR
  std::vector<double> values;
};

/// One of a library's ways to run a problem, and what it came to.
struct Way {
  std::string name;          ///< "persist static"
  double seconds = 0;        ///< of one call, as far as the choice among them needs it
  bool agrees = false;       ///< with what takt computed
  std::string refusal = {};  ///< why it did not run; empty where it did
};

/// What a library's run keeps beside tensors and weights: dead after the call, and from forward to
/// backward.
struct PeerMemory {
  std::int64_t scratch_bytes = 0, saved_bytes = 0;
};

class Peer {
 public:
  virtual ~Peer() = default;
  /// What the problem's shape times, on the problem's stream; on a cpu device it is then done.
  virtual void enqueue() = 0;
  /// All that the last run computed, which is done.
  virtual std::vector<PeerTensor> results() = 0;
  /// Which of the library's ways it runs; empty where there is one.
  virtual std::string algorithm() const { return ""; }
  /// All that were tried, with that one; empty where there is one.
  virtual std::vector<Way> ways() const { return {}; }
  /// None where the library does not tell.
  virtual std::optional<PeerMemory> memory() const { return std::nullopt; }
};

/// Whether what a peer has just run is what takt computed.
using Agrees = std::function<bool(Peer& peer)>;

/// A library that takt can be measured against.
struct PeerLibrary {
  std::string_view word;  ///< as options spell it: "onednn"
  std::string_view name;  ///< "oneDNN"
  DeviceKind kind;        ///< of the devices that it runs on
  bool takes_Wx;          ///< in the place of x
  std::string (*version)();
  /// Why it is not here; empty where it is.
  std::string (*missing)();
  /// The same problem with the same numbers. A library with several ways takes its fastest one
  /// that agrees. Throws PeerRefusal.
  std::unique_ptr<Peer> (*prepare)(const Problem& problem, const Agrees& agrees);
};

std::span<const PeerLibrary> peer_libraries();

}  // namespace takt::bench
