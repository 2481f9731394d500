// cuDNN beside takt on a GPU: the fastest of its algorithms that agrees.
#include "peer_cudnn.hpp"

#ifndef TAKT_HAVE_CUDNN

namespace takt::bench {

std::string cudnn_version() {
  return "";
}
std::string cudnn_missing() {
  return "built without cuDNN: the headers of cuDNN 9 were not found";
}
std::unique_ptr<Peer> prepare_cudnn(const Problem&, const Agrees&) {
  throw PeerRefusal(cudnn_missing());
}

}  // namespace takt::bench

#else

#include <algorithm>
#include <limits>
#include <new>

#include "cuda/checked.hpp"
#include "cuda/cudnn_rnn.hpp"
#include "device_clock.hpp"

namespace takt::bench {
namespace {

constexpr cudnnRNNAlgo_t algorithms[] = {CUDNN_RNN_ALGO_STANDARD, CUDNN_RNN_ALGO_PERSIST_STATIC,
                                         CUDNN_RNN_ALGO_PERSIST_DYNAMIC,
                                         CUDNN_RNN_ALGO_PERSIST_STATIC_SMALL_H};

struct Candidate {
  std::unique_ptr<Peer> peer;
  bool agrees = false;
  double seconds = std::numeric_limits<double>::infinity();

  bool better_than(const Candidate& other) const {
    return agrees != other.agrees ? agrees : seconds < other.seconds;
  }
};

/// Keeps the handle for the algorithm that was chosen.
class CudnnPeer : public Peer {
 public:
  CudnnPeer(CudnnObject<cudnnHandle_t> handle, std::unique_ptr<Peer> chosen)
      : handle_(std::move(handle)), chosen_(std::move(chosen)) {}

  void enqueue() override { chosen_->enqueue(); }
  std::vector<PeerTensor> results() override { return chosen_->results(); }
  std::string algorithm() const override { return chosen_->algorithm(); }

 private:
  CudnnObject<cudnnHandle_t> handle_;
  std::unique_ptr<Peer> chosen_;
};

/// Runs it; the least of a few times, of one where it is slow.
Candidate run(cudnnHandle_t handle, const Problem& problem, cudnnRNNAlgo_t algorithm,
              const Agrees& agrees, DeviceClock& clock) {
  constexpr int times = 5;
  constexpr double slow_s = 0.05;
  Candidate candidate{std::make_unique<CudnnRnn>(handle, problem, algorithm)};
  candidate.peer->enqueue();
  problem.wait();
  candidate.agrees = agrees(*candidate.peer);
  for (int n = 0; n < times && (n == 0 || candidate.seconds < slow_s); ++n)
    candidate.seconds =
        std::min(candidate.seconds, clock.seconds([&] { candidate.peer->enqueue(); }));
  return candidate;
}

CudnnObject<cudnnHandle_t> handle_for(const Problem& problem) try {
  return make_cudnn_handle(problem);
} catch (const PeerRefusal& refusal) {
  throw PeerRefusal(std::string("cuDNN does not start: ") + refusal.what());
}

struct Refused {
  std::string algorithm, reason;
};

/// Each reason once.
std::string sentence(const Shape& shape, const std::vector<Refused>& refused) {
  std::string text =
      "cuDNN refused T=" + std::to_string(shape.T) + " B=" + std::to_string(shape.B) + ": ";
  const bool all_alike = std::all_of(refused.begin(), refused.end(), [&](const Refused& each) {
    return each.reason == refused.front().reason;
  });
  if (all_alike) return text + refused.front().reason;
  for (const Refused& each : refused)
    text += (&each == &refused.front() ? "" : "; ") + each.algorithm + ": " + each.reason;
  return text;
}

}  // namespace

std::string cudnn_version() {
  const std::size_t version = cudnn().cudnnGetVersion();
  return std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) + "." +
         std::to_string(version % 100);
}

std::string cudnn_missing() {
  return cudnn().missing;
}

std::unique_ptr<Peer> prepare_cudnn(const Problem& problem, const Agrees& agrees) {
  use_device(problem.plan().device());
  CudnnObject<cudnnHandle_t> handle = handle_for(problem);
  const std::unique_ptr<DeviceClock> clock = make_device_clock(problem.stream());
  Candidate best;
  std::vector<Refused> refused;
  for (const cudnnRNNAlgo_t algorithm : algorithms) try {
      Candidate candidate = run(handle.get(), problem, algorithm, agrees, *clock);
      if (best.peer == nullptr || candidate.better_than(best)) best = std::move(candidate);
    } catch (const PeerRefusal& refusal) {
      refused.push_back({CudnnRnn::name_of(algorithm), refusal.what()});
    } catch (const std::bad_alloc&) {
      refused.push_back({CudnnRnn::name_of(algorithm), "out of memory"});
    }
  if (best.peer == nullptr) throw PeerRefusal(sentence(problem.shape(), refused));
  return std::make_unique<CudnnPeer>(std::move(handle), std::move(best.peer));
}

}  // namespace takt::bench

#endif
