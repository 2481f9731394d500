// takt_microbench: its command line, its table, its record.
#include "program.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "escape.hpp"
#include "record.hpp"
#include "run.hpp"
#include "tool/failure.hpp"
#include "tool/file.hpp"
#include "tool/output.hpp"
#include "tool/text.hpp"
#include "watchdog.hpp"

namespace takt::micro {
namespace {

constexpr char name[] = "takt_microbench";

struct Options {
  std::string out;
  double seconds = 60;
  std::vector<std::string> only;
  bool list = false;
};

int complain(tool::Exit code, const std::string& sentence) {
  std::fprintf(stderr, "%s: %s\n", name, bench::escaped(sentence).c_str());
  return code;
}

[[noreturn]] void refuse(const std::string& option, const std::string& text,
                         const std::string& what) {
  throw tool::UsageError(option + " is '" + text + "'; it must be " + what);
}

double parse_seconds(const std::string& text) {
  constexpr double most = 1e6;
  double seconds = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, seconds);
  if (read.ec != std::errc() || read.ptr != end || !(seconds >= 0 && seconds <= most))
    refuse("--seconds", text, tool::format("a number between 0 and %g", most));
  return seconds;
}

/// Those asked for; all where none is named. In the order of the list.
std::vector<const Benchmark*> chosen(const std::vector<std::string>& only) {
  std::vector<std::string> names;
  for (const Benchmark& benchmark : all_benchmarks()) names.emplace_back(benchmark.name);
  for (const std::string& asked : only)
    if (std::find(names.begin(), names.end(), asked) == names.end())
      refuse("--only", asked, "one of: " + tool::joined(names));
  std::vector<const Benchmark*> benchmarks;
  for (const Benchmark& benchmark : all_benchmarks())
    if (only.empty() || std::find(only.begin(), only.end(), benchmark.name) != only.end())
      benchmarks.push_back(&benchmark);
  return benchmarks;
}

std::string text_of(const Parameters& parameters) {
  std::string text;
  for (const auto& [key, value] : parameters) {
    const auto* number = std::get_if<std::int64_t>(&value);
    text += (text.empty() ? "" : ", ") + key + " " +
            (number != nullptr ? std::to_string(*number) : std::get<std::string>(value));
  }
  return text;
}

const tool::Table& table() {
  static const tool::Table table(
      {{"benchmark", 19, true}, {"parameters", 58, true}, {"median", 10}, {"unit", 0, true}});
  return table;
}

std::string row_of(const Result& result) {
  const std::string parameters = text_of(result.parameters);
  if (result.failed())
    return table().row({result.name, parameters, "failed", bench::escaped(result.failure)});
  return table().row({result.name, parameters, tool::format("%.5g", result.median()), result.unit});
}

void print_list(const tool::Lines& print) {
  const tool::Table list({{"benchmark", 19, true}, {"unit", 16, true}, {"measures", 0, true}});
  print(list.header());
  for (const Benchmark& benchmark : all_benchmarks())
    print(list.row({benchmark.name, benchmark.unit, benchmark.summary}));
}

/// Runs, prints, records; returns how many results failed. Throws Failure where the device is lost.
int measure(const Setup& setup, const Options& options,
            const std::vector<const Benchmark*>& benchmarks) {
  using Clock = std::chrono::steady_clock;
  const tool::Lines print(false);
  const DeviceFacts device = find_device();
  Record record(device, setup.emulated, options.out);
  print("device     " + device.name + (setup.emulated ? ": nothing here is a measurement" : ""));
  print(table().header());

  const Clock::time_point begin = Clock::now();
  bool out_of_time = false;
  int results = 0, failures = 0;
  Watchdog watchdog(setup.hang_seconds, [&](const std::string& benchmark) {
    const std::string reason =
        benchmark + tool::format(" did not end within %g s", setup.hang_seconds);
    try {
      record.end(reason);
    } catch (const std::exception&) {  // nothing is left to tell it to
    }
    complain(tool::failed, reason);
    _exit(tool::failed);  // the device holds the thread that waits for it
  });
  const Listener listener{.begin = [&](const std::string& benchmark) -> std::string {
                            watchdog.feed(benchmark);
                            const std::chrono::duration<double> elapsed = Clock::now() - begin;
                            out_of_time = elapsed.count() > options.seconds;
                            return out_of_time ? tool::format("the %g s of --seconds were over in ",
                                                              options.seconds) +
                                                     benchmark
                                               : "";
                          },
                          .result =
                              [&](const Result& result) {
                                ++results;
                                failures += result.failed() ? 1 : 0;
                                print(row_of(result));
                                record.add(result);
                              }};
  const std::string reason = run_benchmarks(setup, benchmarks, listener);
  if (!reason.empty())
    record.end(reason);
  else if (!options.only.empty())
    record.end("only these were asked for: " + tool::joined(options.only));
  else
    record.complete();
  print(tool::format("%d results, %d failed", results, failures) +
        (reason.empty() ? "" : "; ended early: " + bench::escaped(reason)));
  if (!reason.empty() && !out_of_time) throw tool::Failure(reason);
  return failures;
}

/// CLI11's complaint in a sentence of ours.
std::string sentence(const CLI::App& app, const CLI::ParseError& error) {
  const std::string help = "; see " + std::string(name) + " --help", what = error.what();
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    const std::string option = what.substr(0, what.find_first_of(": "));
    return option + (what.ends_with("flag override") ? " takes no value" : " must have one value") +
           help;
  }
  const std::vector<std::string> extras = app.remaining();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr || extras.empty())
    return what + help;
  return "'" + extras.front() + "' is nothing that " + name + " takes" + help;
}

int run(CLI::App& app, const Options& options, int argc, char** argv, const Setup& setup) {
  const tool::Lines print(false);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    print(app.help());
    return tool::done;
  } catch (const CLI::ParseError& error) {
    return complain(tool::misused, sentence(app, error));
  }
  const std::vector<const Benchmark*> benchmarks = chosen(options.only);
  if (options.list) {
    print_list(print);
    return tool::done;
  }
  if (!options.out.empty()) tool::check_writable("--out", options.out);
  if (measure(setup, options, benchmarks) > 0)
    return complain(tool::outside, "a benchmark failed; see the rows marked failed");
  return tool::done;
}

}  // namespace

int run_program(int argc, char** argv, const Setup& setup) {
  tool::hold_standard_streams();
  // A file that grows past the limit is then refused in a sentence.
  std::signal(SIGXFSZ, SIG_IGN);
  CLI::App app("takt_microbench: what a GPU's launches, exchanges, memories and instructions cost",
               name);
  Options options;
  app.add_option("--out", options.out, "a JSON record to FILE, whole after every result")
      ->type_name("FILE");
  app.add_option_function<std::string>(
         "--seconds",
         [&options](const std::string& text) { options.seconds = parse_seconds(text); },
         "begin nothing more once these are over")
      ->type_name("N")
      ->default_str("60");
  app.add_option("--only", options.only, "this benchmark; may be given again. --list has the names")
      ->type_name("NAME")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_flag("--list", options.list, "list the benchmarks and end");
  app.footer(
      "Exit codes: 0 done, as far as time was given; 1 a benchmark failed, by a wrong value or an "
      "error; 2 wrong arguments; 3 could not be done: no GPU of compute capability 9.0, or it was "
      "lost.");
  try {
    return run(app, options, argc, argv, setup);
  } catch (const tool::UsageError& error) {
    return complain(tool::misused, error.what());
  } catch (const std::exception& error) {
    return complain(tool::failed, error.what());
  }
}

}  // namespace takt::micro
