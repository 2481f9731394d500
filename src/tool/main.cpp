// The takt command.
#include <cstdio>
#include <new>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <takt/error.hpp>
#include <takt/version.hpp>

#include "tool/commands.hpp"
#include "tool/failure.hpp"
#include "tool/output.hpp"
#include "tool/text.hpp"

namespace {

using takt::tool::Command;

enum Exit { done = 0, failed = 1, misused = 2 };

int complain(Exit code, std::string sentence) {
  if (!sentence.starts_with("takt: ")) sentence = "takt: " + sentence;
  std::fprintf(stderr, "%s\n", sentence.c_str());
  return code;
}

/// The subcommand that was named, if any.
const CLI::App* chosen(const CLI::App& app) {
  const auto parsed = app.get_subcommands();
  return parsed.empty() ? nullptr : parsed.front();
}

std::string name_of(const CLI::App& app) {
  const CLI::App* command = chosen(app);
  return "takt" + (command == nullptr ? "" : " " + command->get_name());
}

/// CLI11's complaint in a sentence of ours.
std::string sentence(const CLI::App& app, const std::vector<Command>& commands,
                     const CLI::ParseError& error) {
  const std::string name = name_of(app), help = "; see " + name + " --help";
  const std::string what = error.what();
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    const std::string option = what.substr(0, what.find_first_of(": "));
    return (option.starts_with('-') ? "" : "--") + option +
           (what.ends_with("flag override") ? " takes no value" : " must have one value") + help;
  }
  if (dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr) return what + help;
  const std::vector<std::string> extras = app.remaining(true);
  const std::string extra = extras.empty() ? "" : "'" + extras.front() + "'";
  if (chosen(app) != nullptr || extra.starts_with("'-"))
    return extra + " is nothing that " + name + " takes" + help;
  std::vector<std::string> names;
  for (const Command& command : commands) names.push_back(command.app->get_name());
  return extra + " is not a command; it must be one of: " + takt::tool::joined(names);
}

int run(CLI::App& app, const std::vector<Command>& commands, int argc, char** argv) {
  const takt::tool::Lines print(false);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const CLI::App* command = chosen(app);
    print(command == nullptr ? app.help() : command->help("takt"));
    return done;
  } catch (const CLI::CallForVersion&) {
    print(std::string("takt ") + takt::version());
    return done;
  } catch (const CLI::ParseError& error) {
    return complain(misused, sentence(app, commands, error));
  }
  for (const Command& command : commands)
    if (command.app->parsed()) return command.run();
  std::fputs(app.help().c_str(), stderr);
  return misused;
}

}  // namespace

int main(int argc, char** argv) {
  takt::tool::hold_standard_streams();
  try {
    CLI::App app("takt: recurrent networks, held against a double-precision reference", "takt");
    app.set_version_flag("--version", takt::version());
    app.require_subcommand(0, 1);
    app.footer("Exit codes: 0 done, 1 ran and failed, 2 asked for in a wrong way.");
    const std::vector<Command> commands = {
        takt::tool::info_command(app), takt::tool::validate_command(app),
        takt::tool::bench_command(app), takt::tool::explain_command(app)};
    return run(app, commands, argc, argv);
  } catch (const takt::tool::UsageError& error) {
    return complain(misused, error.what());
  } catch (const takt::Error& error) {
    return complain(misused, error.what());
  } catch (const std::bad_alloc&) {
    return complain(failed, "out of memory");
  } catch (const std::exception& error) {
    return complain(failed, error.what());
  }
}
