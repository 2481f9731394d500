// The program: train on a text, write, chat, compare runs.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <new>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <takt/error.hpp>

#include "commands.hpp"
#include "failure.hpp"
#include "output.hpp"

namespace {

using namespace language_model;

/// A hostile file may have put anything into a sentence, at any length.
int complain(Exit code, const std::string& sentence) {
  constexpr std::size_t most_bytes = 10000;
  const std::string cut = sentence.size() > most_bytes ? " ..." : "";
  std::fprintf(stderr, "language_model: %s\n",
               (escaped(sentence.substr(0, most_bytes)) + cut).c_str());
  return code;
}

/// A shell variable that is not set must not make another command of this one.
void refuse_empty(const std::vector<std::string>& words) {
  for (std::size_t n = 0; n < words.size(); ++n) {
    if (!words[n].empty() || (n > 0 && words[n - 1] == "--prompt")) continue;
    const bool value = n > 0 && words[n - 1].starts_with("--");
    throw UsageError((value ? words[n - 1] : "an argument") + " is ''; it must not be empty");
  }
}

int run(CLI::App& program, const std::vector<Command>& commands, int argc, char** argv) {
  try {
    program.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const auto parsed = program.get_subcommands();
    print_line(parsed.empty() ? program.help() : parsed.front()->help("language_model"));
    return done;
  } catch (const CLI::ParseError& error) {
    return complain(misused, std::string(error.what()) + "; see language_model --help");
  }
  for (const Command& command : commands)
    if (command.app->parsed()) return command.run();
  std::fputs(program.help().c_str(), stderr);
  return misused;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a file past the limit is then refused in a sentence
  try {
    refuse_empty({argv + std::min(argc, 1), argv + argc});
    CLI::App program("Learns a text, byte by byte, and goes on with it", "language_model");
    program.require_subcommand(0, 1);
    program.footer("Exit codes: 0 done, 2 wrong arguments or files, 3 could not be done.");
    const std::vector<Command> commands = {train_command(program), write_command(program),
                                           chat_command(program), compare_command(program)};
    return run(program, commands, argc, argv);
  } catch (const UsageError& error) {
    return complain(misused, error.what());
  } catch (const takt::ArgumentError& error) {
    return complain(misused, error.what());
  } catch (const std::bad_alloc&) {
    return complain(failed,
                    "out of memory for this model; one of less --embedding, --hidden or "
                    "--layers needs less");
  } catch (const std::exception& error) {
    return complain(failed, error.what());
  }
}
