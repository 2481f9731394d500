// The subcommands: each adds itself to the parser and returns what runs it.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace takt::tool {

struct Command {
  CLI::App* app;
  std::function<int()> run;  ///< returns the exit code
};

Command info_command(CLI::App& tool);
Command validate_command(CLI::App& tool);
Command bench_command(CLI::App& tool);
Command explain_command(CLI::App& tool);
Command report_command(CLI::App& tool);

}  // namespace takt::tool
