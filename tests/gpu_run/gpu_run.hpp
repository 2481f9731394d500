// Runs ./run.sh gpu on programs that a test chooses, and reads its record.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tool_run.hpp"

namespace takt::test {

using nlohmann::json;

constexpr int failed = 1, misused = 2;

/// Programs of takt's names: the tool and the wrappers of PTX of the emulated device, tests as in
/// sample_tests.cpp. Any may be taken away or put in their place as a script.
class Programs : public Folder {
 public:
  Programs();
  /// A shell script of that name.
  void script(const std::string& name, const std::string& commands) const;
};

/// Of these, whatever takes time says only that it has done its work.
class QuickPrograms : public Programs {
 public:
  QuickPrograms();
  /// A takt whose `bench` writes an empty record; before, what `cases` say: cases of a shell's
  /// `case` over all its arguments.
  void script_takt(const std::string& cases) const;
};

/// `./run.sh gpu --prebuilt PROGRAMS --out DIR/run` and more.
ToolRun gpu_run(const Programs& programs, const Folder& folder,
                const std::vector<std::string>& more = {});

/// DIR/run/run.json.
json record_of(const Folder& folder);

/// The verdicts of stages or tests by their names.
std::map<std::string, std::string> verdicts(const json& list);
json stage(const json& record, const std::string& name);

/// How often one text stands in another.
std::size_t count_of(const std::string& part, const std::string& text);

}  // namespace takt::test
