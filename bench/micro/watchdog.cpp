// Calls for help when a device does not answer.
#include "watchdog.hpp"

#include <chrono>
#include <utility>

namespace takt::micro {

Watchdog::Watchdog(double seconds, std::function<void(const std::string&)> bark)
    : seconds_(seconds), bark_(std::move(bark)), thread_([this] { watch(); }) {}

Watchdog::~Watchdog() {
  {
    const std::scoped_lock lock(mutex_);
    over_ = true;
  }
  change_.notify_one();
  thread_.join();
}

void Watchdog::feed(const std::string& begun) {
  {
    const std::scoped_lock lock(mutex_);
    begun_ = begun;
    ++fed_;
  }
  change_.notify_one();
}

void Watchdog::watch() {
  const std::chrono::duration<double> most(seconds_);
  std::unique_lock lock(mutex_);
  while (!over_) {
    const unsigned long fed = fed_;
    if (change_.wait_for(lock, most, [&] { return over_ || fed_ != fed; })) continue;
    const std::string begun = begun_;
    lock.unlock();
    bark_(begun);
    return;
  }
}

}  // namespace takt::micro
