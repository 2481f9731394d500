// One line on stderr that says how far a long run is; nothing where stderr is no terminal.
#pragma once

#include <string>

namespace takt::tool {

class Progress {
 public:
  Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { clear(); }

  void show(const std::string& text);
  /// Takes the line away, so that others may print.
  void clear();

 private:
  bool terminal_;
  bool shown_ = false;
};

/// "about 2 min 5 s", "about 40 s".
std::string about(double seconds);

}  // namespace takt::tool
