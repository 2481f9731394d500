// The subcommands: each adds itself to the parser and returns what runs it.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace language_model {

struct Command {
  CLI::App* app;
  std::function<int()> run;  ///< returns the exit code
};

Command train_command(CLI::App& program);
Command write_command(CLI::App& program);
Command chat_command(CLI::App& program);
Command compare_command(CLI::App& program);

}  // namespace language_model
