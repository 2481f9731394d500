// The takt command.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <takt/error.hpp>
#include <takt/version.hpp>

#include "escape.hpp"
#include "tool/commands.hpp"
#include "tool/environment.hpp"
#include "tool/failure.hpp"
#include "tool/output.hpp"
#include "tool/text.hpp"

namespace {

using takt::tool::Command;
using takt::tool::done;
using takt::tool::Exit;
using takt::tool::failed;
using takt::tool::misused;

int complain(Exit code, std::string sentence) {
  if (!sentence.starts_with("takt: ")) sentence = "takt: " + sentence;
  std::fprintf(stderr, "%s\n", takt::bench::escaped(sentence).c_str());
  return code;
}

/// A shell variable that is not set must not make another command of this one.
void refuse_empty(const std::vector<std::string>& words) {
  for (std::size_t n = 0; n < words.size(); ++n) {
    const std::string& word = words[n];
    if (word.empty() && n > 0 && words[n - 1].starts_with("--"))
      throw takt::tool::UsageError(words[n - 1] + " is ''; it must not be empty");
    if (word.empty()) throw takt::tool::UsageError("an argument is ''; it must not be empty");
    if (word.starts_with("--") && word.find('=') == word.size() - 1)
      throw takt::tool::UsageError(word.substr(0, word.size() - 1) +
                                   " is ''; it must not be empty");
  }
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

/// takt's refusal, in the name of the option that was given for what it refuses.
std::string sentence(const CLI::App& app, const takt::ArgumentError& error) {
  const std::pair<const char*, const char*> options[] = {{"hidden_size", "--hidden"},
                                                         {"input_size", "--input"},
                                                         {"threads", "--threads"},
                                                         {"T", "--seq"},
                                                         {"B", "--batch"}};
  const std::string what = error.what(), where = "takt: " + error.where() + ": ";
  for (const auto& [argument, option] : options) {
    const CLI::Option* given =
        error.argument() == argument ? chosen(app)->get_option_no_throw(option) : nullptr;
    if (given != nullptr && given->count() > 0 && what.starts_with(where))
      return std::string(option) + ": " + what.substr(where.size());
  }
  return what;
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
    if (command.app->parsed()) try {
        return command.run();
      } catch (const takt::ArgumentError& error) {
        return complain(misused, sentence(app, error));
      }
  std::fputs(app.help().c_str(), stderr);
  return misused;
}

}  // namespace

int main(int argc, char** argv) {
  takt::tool::hold_standard_streams();
  // A file that grows past the limit is then refused in a sentence.
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    takt::tool::leave_benchmark_variables(argv);
    refuse_empty({argv + std::min(argc, 1), argv + argc});
    CLI::App app("takt: recurrent networks, held against a double-precision reference", "takt");
    app.set_version_flag("--version", takt::version());
    app.require_subcommand(0, 1);
    app.footer(
        "Exit codes: 0 done, 1 a result outside its tolerance (or that too loose to tell), or a "
        "report "
        "that is not what the records give, 2 wrong arguments, 3 could not be done.");
    const std::vector<Command> commands = {
        takt::tool::info_command(app), takt::tool::validate_command(app),
        takt::tool::bench_command(app), takt::tool::explain_command(app),
        takt::tool::report_command(app)};
    return run(app, commands, argc, argv);
  } catch (const takt::tool::UsageError& error) {
    return complain(misused, error.what());
  } catch (const std::bad_alloc&) {
    return complain(failed, "out of memory");
  } catch (const std::exception& error) {
    return complain(failed, error.what());
  }
}
