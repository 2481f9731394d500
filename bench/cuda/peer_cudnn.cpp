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

/// Keeps the handle for the algorithm that was chosen.
class CudnnPeer : public Peer {
 public:
  CudnnPeer(CudnnObject<cudnnHandle_t> handle, std::unique_ptr<Peer> chosen, std::vector<Way> ways)
      : handle_(std::move(handle)), chosen_(std::move(chosen)), ways_(std::move(ways)) {}

  void enqueue() override { chosen_->enqueue(); }
  std::vector<PeerTensor> results() override { return chosen_->results(); }
  std::string algorithm() const override { return chosen_->algorithm(); }
  std::vector<Way> ways() const override { return ways_; }
  std::optional<PeerMemory> memory() const override { return chosen_->memory(); }

 private:
  CudnnObject<cudnnHandle_t> handle_;
  std::unique_ptr<Peer> chosen_;
  std::vector<Way> ways_;
};

/// Runs an algorithm, which has all memory that is left while it does; the least of a few times, of
/// one where it is slow.
Way run(cudnnHandle_t handle, const Problem& problem, cudnnRNNAlgo_t algorithm,
        const Agrees& agrees, DeviceClock& clock) try {
  constexpr int times = 5;
  constexpr double slow_s = 0.05;
  Way way{.name = CudnnRnn::name_of(algorithm), .seconds = std::numeric_limits<double>::infinity()};
  CudnnRnn peer(handle, problem, algorithm);
  peer.enqueue();
  problem.wait();
  way.agrees = agrees(peer);
  for (int n = 0; n < times && (n == 0 || way.seconds < slow_s); ++n)
    way.seconds = std::min(way.seconds, clock.seconds([&] { peer.enqueue(); }));
  return way;
} catch (const PeerRefusal& refusal) {
  return {.name = CudnnRnn::name_of(algorithm), .refusal = refusal.what()};
} catch (const std::bad_alloc&) {
  return {.name = CudnnRnn::name_of(algorithm), .refusal = "out of memory"};
}

bool is_better(const Way& way, const Way& other) {
  if (!way.refusal.empty() || !other.refusal.empty()) return way.refusal.empty();
  return way.agrees != other.agrees ? way.agrees : way.seconds < other.seconds;
}

CudnnObject<cudnnHandle_t> handle_for(const Problem& problem) try {
  return make_cudnn_handle(problem);
} catch (const PeerRefusal& refusal) {
  throw PeerRefusal(std::string("cuDNN does not start: ") + refusal.what());
}

/// Where all refuse: each reason once.
std::string sentence(const Shape& shape, const std::vector<Way>& refused) {
  std::string text =
      "cuDNN refused T=" + std::to_string(shape.T) + " B=" + std::to_string(shape.B) + ": ";
  const bool all_alike = std::all_of(refused.begin(), refused.end(), [&](const Way& each) {
    return each.refusal == refused.front().refusal;
  });
  if (all_alike) return text + refused.front().refusal;
  for (const Way& each : refused)
    text += (&each == &refused.front() ? "" : "; ") + each.name + ": " + each.refusal;
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
  std::vector<Way> ways;
  for (const cudnnRNNAlgo_t algorithm : algorithms)
    ways.push_back(run(handle.get(), problem, algorithm, agrees, *clock));
  const auto best = std::min_element(ways.begin(), ways.end(), is_better);
  if (!best->refusal.empty()) throw PeerRefusal(sentence(problem.shape(), ways));
  const cudnnRNNAlgo_t algorithm = algorithms[best - ways.begin()];
  try {
    auto chosen = std::make_unique<CudnnRnn>(handle.get(), problem, algorithm);
    return std::make_unique<CudnnPeer>(std::move(handle), std::move(chosen), std::move(ways));
  } catch (const std::bad_alloc&) {
    throw PeerRefusal("cuDNN " + CudnnRnn::name_of(algorithm) + ": out of memory");
  }
}

}  // namespace takt::bench

#endif
