// Times what lies between two events on a stream.
#include "cuda/event_clock.hpp"

#include <takt/array.hpp>

#include "cuda/checked.hpp"

namespace takt::bench {
namespace {

class Event {
 public:
  Event() { checked("cudaEventCreate", cudaEventCreate(&event_)); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { (void)cudaEventDestroy(event_); }

  void record(cudaStream_t stream) { checked("cudaEventRecord", cudaEventRecord(event_, stream)); }
  cudaEvent_t get() const { return event_; }

 private:
  cudaEvent_t event_ = nullptr;
};

std::int64_t l2_bytes(int ordinal) {
  int bytes = 0;
  checked("cudaDeviceGetAttribute",
          cudaDeviceGetAttribute(&bytes, cudaDevAttrL2CacheSize, ordinal));
  return bytes;
}

/// Floats of twice the cache, since it need not replace its oldest lines first.
std::int64_t elements(std::int64_t cache_bytes) {
  return 2 * cache_bytes / static_cast<std::int64_t>(sizeof(float));
}

class EventClock : public DeviceClock {
 public:
  explicit EventClock(const Stream& stream)
      : stream_(StreamRef(stream).handle()),
        overwritten_(stream.device(), {elements(l2_bytes(stream.device().place().ordinal))}) {}

  double seconds(const std::function<void()>& enqueue) override {
    const auto bytes = static_cast<std::size_t>(overwritten_.size()) * sizeof(float);
    checked("cudaMemsetAsync", cudaMemsetAsync(overwritten_.data(), 0, bytes, stream_));
    begin_.record(stream_);
    enqueue();
    end_.record(stream_);
    checked("cudaEventSynchronize", cudaEventSynchronize(end_.get()));
    float milliseconds = 0;
    checked("cudaEventElapsedTime", cudaEventElapsedTime(&milliseconds, begin_.get(), end_.get()));
    return 1e-3 * static_cast<double>(milliseconds);
  }

 private:
  cudaStream_t stream_;
  Array overwritten_;
  Event begin_, end_;
};

}  // namespace

std::unique_ptr<DeviceClock> make_event_clock(const Stream& stream) {
  use_device(stream.device());
  return std::make_unique<EventClock>(stream);
}

}  // namespace takt::bench
