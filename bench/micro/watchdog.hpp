// Calls for help when a device that is waited for does not answer.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace takt::micro {

class Watchdog {
 public:
  /// `bark` is called once, on a thread of the watchdog's own, when `seconds` have passed since the
  /// last `feed`; it is told what was begun then.
  Watchdog(double seconds, std::function<void(const std::string&)> bark);
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog();

  void feed(const std::string& begun);

 private:
  void watch();

  const double seconds_;
  const std::function<void(const std::string&)> bark_;
  std::mutex mutex_;
  std::condition_variable change_;
  std::string begun_;
  unsigned long fed_ = 0;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace takt::micro
