// The record of a run: a JSON file that is whole after every result.
#pragma once

#include <mutex>
#include <string>

#include "result.hpp"
#include "run.hpp"
#include "tool/output.hpp"

namespace takt::micro {

/// May be used by several threads.
class Record {
 public:
  /// Writes nothing where `path` is empty.
  Record(const DeviceFacts& device, bool emulated, std::string path);

  void add(const Result& result);
  /// All benchmarks ran to their end.
  void complete();
  /// They did not, and this is why.
  void end(const std::string& reason);

 private:
  void write() const;

  const std::string path_;
  std::mutex mutex_;
  tool::Json json_;
};

}  // namespace takt::micro
