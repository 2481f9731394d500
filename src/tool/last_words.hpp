// What stdout still gets where SIGINT or SIGTERM ends the program.
#pragma once

#include <atomic>
#include <memory>
#include <string>

namespace takt::tool {

/// While one lives, these signals write the newest text to stdout before they end the program, as
/// they would have without it. One at a time; signals that are ignored stay so.
class LastWords {
 public:
  LastWords();
  LastWords(const LastWords&) = delete;
  LastWords& operator=(const LastWords&) = delete;
  /// Returns never where a signal has come: the text is being written.
  ~LastWords();

  void set(std::string text);

 private:
  std::unique_ptr<const std::string> text_;
};

}  // namespace takt::tool
