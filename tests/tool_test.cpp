// The takt command: what it prints and writes.
#ifdef TAKT_TOOL

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include <nlohmann/json.hpp>
#include <takt/takt.hpp>

#include "tool_run.hpp"
#include "validate/case.hpp"

namespace {

namespace fs = std::filesystem;

using nlohmann::json;
using takt::test::Folder;
using takt::test::run_tool;
using takt::test::RunningTool;
using takt::test::ToolResult;
using takt::test::ToolRun;

const std::vector<std::string> subcommands = {"info", "validate", "bench", "explain", "report"};
const std::string first_cell(takt::known_cells().front().name);

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string device_line() {
  return "device     " + takt::best_device().describe();
}

TEST(ToolHelp, EverySubcommandExplainsItself) {
  for (const std::string& name : subcommands) {
    const ToolResult result = run_tool({name, "--help"});
    EXPECT_EQ(result.exit_code, 0) << name;
    EXPECT_NE(result.out.find("takt " + name), std::string::npos) << result.out;
    EXPECT_NE(result.out.find("--json"), std::string::npos) << result.out;
    EXPECT_EQ(result.err, "");
  }
}

TEST(ToolHelp, ATaktAloneShowsItAndIsNoSuccess) {
  const ToolResult result = run_tool(std::vector<std::string>{});
  EXPECT_EQ(result.exit_code, 2);
  for (const std::string& name : subcommands)
    EXPECT_NE(result.err.find("  " + name), std::string::npos) << result.err;
}

TEST(ToolHelp, TellsTheVersionOfTheLibrary) {
  const ToolResult result = run_tool({"--version"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, std::string("takt ") + takt::version() + "\n");
}

TEST(ToolInfo, BeginsWithTheDeviceAndNamesEveryCell) {
  const ToolResult result = run_tool({"info"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(lines_of(result.out).front(), "device     " + takt::Device::cpu().describe());
  for (const takt::CellInfo& cell : takt::known_cells())
    EXPECT_NE(result.out.find("\n" + std::string(cell.name) + " "), std::string::npos) << cell.name;
  EXPECT_NE(result.out.find("\nalgorithms on cpu\n  runs     cpu: "), std::string::npos);
  EXPECT_NE(result.out.find("\n  refused  step: it runs on a cuda device\n"), std::string::npos);
  const std::string missing =
      takt::best_device().kind() == takt::DeviceKind::cpu ? "GPU   " : "cuda:";
  EXPECT_NE(result.out.find("\nno " + missing), std::string::npos) << result.out;
}

TEST(ToolInfo, GivesTheSameAsJsonAndNothingElse) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"info", "--json"}, {"info", "--json", "-"}}) {
    const ToolResult result = run_tool(arguments);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const json info = json::parse(result.out);
    EXPECT_EQ(info["version"], takt::version());
    EXPECT_EQ(info["levels"]["usable"], takt::cpu_levels());
    ASSERT_EQ(info["cells"].size(), takt::known_cells().size());
    for (std::size_t n = 0; n < takt::known_cells().size(); ++n) {
      const takt::CellInfo& cell = takt::known_cells()[n];
      EXPECT_EQ(info["cells"][n]["name"], cell.name);
      EXPECT_EQ(info["cells"][n]["gates"], cell.gates);
      EXPECT_EQ(info["cells"][n]["states"], cell.states);
      EXPECT_FALSE(info["devices"][0]["types"][std::string(cell.name)].empty());
    }
    EXPECT_FALSE(info["no_gpu"].get<std::string>().empty());
    ASSERT_FALSE(info["devices"].empty());
    for (std::size_t n = 0; n < info["devices"].size(); ++n) {
      const json& device = info["devices"][n];
      EXPECT_EQ(device["place"], n == 0 ? "cpu" : "cuda:" + std::to_string(n - 1));
      EXPECT_EQ(device["algorithms"].size(), 5u);
      EXPECT_EQ(device.contains("driver"), n > 0);
    }
  }
}

TEST(ToolExplain, PrintsWhatThePlanExplains) {
  const takt::RnnSpec spec{.cell = first_cell,
                           .input_size = 3,
                           .hidden_size = 20,
                           .direction = takt::Direction::reverse,
                           .bias = takt::Bias::input,
                           .type = takt::DataType::f64,
                           .layout = takt::Layout::batch_major};
  const takt::Plan plan(spec, {70000, 5}, takt::Mode::training, takt::Device::cpu({.threads = 1}));
  std::vector<std::string> arguments = {
      "explain",  "--cell",   first_cell,    "--input",     "3",       "--hidden",
      "20",       "--seq",    "70000",       "--batch",     "5",       "--mode",
      "training", "--type",   "f64",         "--direction", "reverse", "--bias",
      "input",    "--layout", "batch_major", "--threads",   "1"};
  const Folder folder;  // without recorded results
  const ToolResult text = run_tool(ToolRun{.arguments = arguments, .folder = folder.path()});
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_EQ(text.err, "");
  EXPECT_EQ(text.out, plan.explain() + "\n");

  arguments.emplace_back("--json");
  const json told =
      json::parse(run_tool(ToolRun{.arguments = arguments, .folder = folder.path()}).out);
  EXPECT_EQ(told["limits"], json::array());
  EXPECT_EQ(told["algorithm"], plan.algorithm());
  EXPECT_EQ(told["scratch_bytes"], plan.scratch_bytes());
  EXPECT_EQ(told["packed_bytes"], plan.packed_bytes());
  EXPECT_GT(plan.packed_bytes(), 0);
  EXPECT_EQ(told["saved_bytes"], plan.saved_bytes());
  EXPECT_EQ(told["device"]["description"], plan.device().describe());
  EXPECT_EQ(told["lines"], lines_of(plan.explain()));
}

TEST(ToolValidate, HoldsEveryCaseOfACellInsideItsTolerance) {
  const Folder folder;
  const ToolResult result = run_tool(ToolRun{
      .arguments = {"validate", "--cell", first_cell, "--type", "f64", "--json", "cases.json"},
      .folder = folder.path()});
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_EQ(result.err, "");
  const std::vector<std::string> lines = lines_of(result.out);
  const std::vector<takt::validate::Case> cases =
      takt::validate::all_cases({.cells = {first_cell}, .types = {takt::DataType::f64}});
  EXPECT_EQ(lines.front(), device_line());
  // The device, the table's head, a line for each set of semantics, the counts.
  EXPECT_EQ(lines.size(), 3 + takt::validate::all_semantics().size());
  const std::string count = std::to_string(cases.size());
  EXPECT_EQ(lines.back(),
            count + " cases, " + count + " inside tolerance, 0 outside, 0 not possible here");

  const json report = json::parse(folder.read("cases.json"));
  EXPECT_EQ(report["devices"][0]["description"], takt::best_device().describe());
  ASSERT_EQ(report["cases"].size(), cases.size());
  for (std::size_t n = 0; n < cases.size(); ++n) {
    const json& told = report["cases"][n];
    EXPECT_EQ(told["cell"], first_cell);
    EXPECT_EQ(told["semantics"], cases[n].semantics.name);
    EXPECT_EQ(told["T"], cases[n].shape.T);
    EXPECT_EQ(told["verdict"], "inside");
    EXPECT_GE(told["tensors"].size(), 6u);
    for (const json& tensor : told["tensors"]) {
      EXPECT_LE(tensor["share"].get<double>(), 1) << told;
      EXPECT_LE(tensor["error"].get<double>(), tensor["tolerance"].get<double>()) << told;
    }
  }
  EXPECT_EQ(report["totals"]["inside"], cases.size());
  EXPECT_EQ(report["totals"]["loose"], 0);
}

TEST(ToolValidate, RunsEveryLevelOfThisMachine) {
  const ToolResult result = run_tool({"validate", "--cell", first_cell, "--type", "f32",
                                      "--instruction-set", "all", "--summary", "--threads", "1"});
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  const std::vector<std::string> lines = lines_of(result.out);
  for (const std::string& level : takt::cpu_levels()) {
    const takt::Device device = takt::Device::cpu({.threads = 1, .instruction_set = level});
    EXPECT_EQ(std::count(lines.begin(), lines.end(), "device     " + device.describe()), 1);
  }
  const std::size_t cases =
      takt::validate::all_cases({.cells = {first_cell}, .types = {takt::DataType::f32}}).size();
  EXPECT_TRUE(
      lines.back().starts_with(std::to_string(cases * takt::cpu_levels().size()) + " cases, "))
      << lines.back();
}

// What a device cannot do is counted, and takes no line.
TEST(ToolValidate, CountsWhatIsNotPossibleHere) {
  const ToolResult result =
      run_tool({"validate", "--cell", first_cell, "--device", "cpu", "--type", "f64", "--type",
                "bf16", "--type", "tf32", "--why", "--json", "-"});
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  const json report = json::parse(result.out);
  const auto ran =
      takt::validate::all_cases({.cells = {first_cell}, .types = {takt::DataType::f64}});
  EXPECT_EQ(report["totals"]["inside"], ran.size());
  EXPECT_EQ(report["totals"]["refused"], 2 * ran.size());
  EXPECT_EQ(report["totals"]["cases"], 3 * ran.size());
  std::map<std::string, std::set<std::string>> verdicts;
  for (const json& told : report["cases"])
    verdicts[told["type"].get<std::string>()].insert(told["verdict"].get<std::string>());
  EXPECT_EQ(verdicts, (std::map<std::string, std::set<std::string>>{
                          {"f64", {"inside"}}, {"bf16", {"refused"}}, {"tf32", {"refused"}}}));
  const ToolResult text = run_tool({"validate", "--cell", first_cell, "--device", "cpu", "--type",
                                    "f64", "--type", "bf16", "--why"});
  const std::string count = std::to_string(ran.size());
  EXPECT_EQ(lines_of(text.out).size(), 4 + takt::validate::all_semantics().size()) << text.out;
  EXPECT_NE(text.out.find("not possible here, " + count + " cases: takt: Plan: 'type' is bf16"),
            std::string::npos);
  EXPECT_TRUE(text.out.ends_with(" cases, " + count + " inside tolerance, 0 outside, " + count +
                                 " not possible here\n"))
      << text.out;
}

TEST(ToolValidate, OfNothingIsAFailure) {
  const ToolResult result = run_tool({"validate", "--type", "tf32", "--device", "cpu"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_NE(result.err.find("nothing was validated: takt: Plan: 'math' is tf32"), std::string::npos)
      << result.err;
}

const std::vector<std::string> tiny_bench = {"bench", "--cell",    first_cell, "--hidden",
                                             "5",     "--seq",     "4:16",     "--batch",
                                             "1,2",   "--seconds", "0.01"};

std::vector<std::string> with(std::vector<std::string> arguments,
                              const std::vector<std::string>& more) {
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

void expect_consistent(const json& point) {
  const std::vector<double> samples = point["samples_s"];
  ASSERT_GE(samples.size(), 30u);
  const auto [least, most] = std::minmax_element(samples.begin(), samples.end());
  EXPECT_GT(*least, 0);
  EXPECT_EQ(point["least_s"], *least);
  EXPECT_EQ(point["most_s"], *most);
  const double median = point["median_s"], T = point["T"], B = point["B"];
  const auto below =
      std::count_if(samples.begin(), samples.end(), [&](double sample) { return sample < median; });
  EXPECT_LE(2 * below, static_cast<long>(samples.size()));
  EXPECT_NEAR(point["us_per_step"].get<double>() * T, 1e6 * median, 1e-6 * 1e6 * median);
  EXPECT_NEAR(point["tokens_per_s"].get<double>() * median, T * B, 1e-6 * T * B);
  EXPECT_TRUE(point["check"]["inside_tolerance"].get<bool>()) << point;
  EXPECT_GT(point["check"]["tensors"].size(), 0u);
  EXPECT_EQ(point["bytes"]["y"].get<double>(), T * B * 5 * 4);
  double bytes_of_call = 0;
  for (const char* part :
       {"x", "y", "initial_states", "final_states", "dx_and_dy", "scratch", "saved"})
    bytes_of_call += point["bytes"][part].get<double>();
  EXPECT_EQ(point["bytes"]["of_call"].get<double>(), bytes_of_call);
  const takt::RnnSpec spec{
      .cell = point["cell"], .input_size = point["I"], .hidden_size = point["H"]};
  const takt::Plan plan(spec, {point["T"], point["B"]}, takt::Mode::inference, takt::best_device());
  EXPECT_EQ(point["bytes"]["packed_weights"].get<double>(),
            point["mode"] == "inference" ? static_cast<double>(plan.packed_bytes()) : 0);
  if (takt::best_device().kind() == takt::DeviceKind::cuda) {
    EXPECT_TRUE(point["limit"].is_null());
  } else {
    EXPECT_GT(point["limit"]["seconds"].get<double>(), 0);
    EXPECT_TRUE(std::set<std::string>({"products", "weights", "memory"})
                    .contains(point["limit"]["bound_by"].get<std::string>()))
        << point["limit"];
  }
  const takt::CellInfo& cell = takt::find_cell(point["cell"].get<std::string>());
  for (const char* states : {"initial_states", "final_states"})
    EXPECT_EQ(point["bytes"][states].get<double>(), cell.states * B * 5 * 4);
}

TEST(ToolBench, MeasuresChecksFitsAndDraws) {
  const Folder folder;
  const ToolResult result = run_tool(ToolRun{.arguments = tiny_bench, .folder = folder.path()});
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_EQ(lines_of(result.out).front(), device_line());
  EXPECT_NE(result.out.find("wrote scaling.json"), std::string::npos) << result.out;
  const json report = json::parse(folder.read("scaling.json"));
  EXPECT_EQ(report["device"]["description"], takt::best_device().describe());
  ASSERT_EQ(report["points"].size(), 6u);
  std::size_t n = 0;
  for (const int B : {1, 2})
    for (const int T : {4, 8, 16}) {
      EXPECT_EQ(report["points"][n]["B"], B);
      EXPECT_EQ(report["points"][n]["T"], T);
      expect_consistent(report["points"][n++]);
    }
  ASSERT_EQ(report["fits"].size(), 2u);
  EXPECT_EQ(report["fits"][0]["points"], 3);
  if (folder.contents().contains("scaling.svg"))
    EXPECT_NE(folder.read("scaling.svg").find("Growth with sequence length"), std::string::npos);
  else
    EXPECT_NE(result.out.find("no plot: gnuplot was not found"), std::string::npos) << result.out;
}

// The column is the limit in times of the median.
TEST(ToolBench, PrintsTheLimitBesideEveryPoint) {
  const Folder folder;
  const ToolResult result =
      run_tool(ToolRun{.arguments = {"bench", "--device", "cpu", "--hidden", "5", "--batch", "1",
                                     "--seq", "64", "--seconds", "0.001", "--no-plot"},
                       .folder = folder.path()});
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  const json report = json::parse(folder.read("scaling.json"));
  const json& machine = report["machine_limits"];
  EXPECT_GT(machine["peak_gflop_per_s"].get<double>(), 0);
  EXPECT_GT(machine["peak_f64_gflop_per_s"].get<double>(), 0);
  EXPECT_GE(machine["threads"], 1);
  const std::vector<std::string> lines = lines_of(result.out);
  EXPECT_TRUE(std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
    return line.starts_with("limit      measured before the start: ") &&
           line.find(" GFLOP/s f32, ") != std::string::npos;
  })) << result.out;
  const json& point = report["points"][0];
  const double share = point["limit"]["seconds"].get<double>() / point["median_s"].get<double>();
  const auto head = std::find_if(lines.begin(), lines.end(), [](const std::string& line) {
    return line.find("us/step") != std::string::npos;
  });
  ASSERT_GT(lines.end() - head, 1);
  const auto end = head->find("of limit") + std::string("of limit").size();
  const std::string cell = (head + 1)->substr(0, end);
  char expected[32];
  std::snprintf(expected, sizeof expected, " %.0f %%", 100 * share);
  EXPECT_TRUE(cell.ends_with(expected)) << cell << " and " << expected;
}

TEST(ToolBench, FitsTheMeasuredGrowth) {
  const ToolResult result = run_tool(with(tiny_bench, {"--no-plot", "--json"}));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json report = json::parse(result.out);
  for (std::size_t s = 0; s < 2; ++s) {
    double u = 0, v = 0, uu = 0, uv = 0;
    for (std::size_t n = 3 * s; n < 3 * s + 3; ++n) {
      const json& point = report["points"][n];
      const double log_T = std::log(point["T"].get<double>()),
                   log_time = std::log(point["median_s"].get<double>());
      u += log_T / 3, v += log_time / 3, uu += log_T * log_T / 3, uv += log_T * log_time / 3;
    }
    EXPECT_NEAR(report["fits"][s]["power_law"]["exponent"].get<double>(),
                (uv - u * v) / (uu - u * u), 1e-6);
  }
}

TEST(ToolBench, KeepsStdoutForJsonWhereItGoesThere) {
  const Folder folder;
  const ToolResult result = run_tool(
      ToolRun{.arguments = with(tiny_bench, {"--json", "-", "--no-plot", "--mode", "training"}),
              .folder = folder.path()});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json report = json::parse(result.out);
  for (const json& point : report["points"]) {
    expect_consistent(point);
    EXPECT_EQ(point["mode"], "training");
    EXPECT_GE(point["check"]["tensors"].size(), 6u);
  }
  EXPECT_TRUE(folder.contents().empty());
}

TEST(ToolBench, SaysWhereTheFiguresAreWithoutGnuplot) {
  const Folder folder;
  const ToolResult result = run_tool(ToolRun{
      .arguments = tiny_bench, .folder = folder.path(), .environment = {{"PATH", folder.path()}}});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find("no plot: gnuplot was not found"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("wrote scaling.json"), std::string::npos) << result.out;
  EXPECT_EQ(folder.contents().size(), 1u);
}

TEST(ToolBench, TakesListsOfShapes) {
  const Folder folder;
  const ToolResult result =
      run_tool({"bench", "--shapes", TAKT_SOURCE_DIR "/bench/shapes/smoke.txt", "--seconds",
                "0.001", "--out", folder.path()});
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  const json report = json::parse(folder.read("scaling.json"));
  for (const takt::CellInfo& cell : takt::known_cells())
    EXPECT_TRUE(std::any_of(report["points"].begin(), report["points"].end(),
                            [&](const json& point) { return point["cell"] == cell.name; }))
        << cell.name;
  EXPECT_NE(result.out.find("no plot: nothing was measured at two lengths"), std::string::npos);
}

TEST(ToolBench, EveryLineOfItsListsIsAShape) {
  for (const auto& entry : fs::directory_iterator(TAKT_SOURCE_DIR "/bench/shapes")) {
    // A broken line behind the others is the first one to be refused.
    const Folder folder;
    fs::copy_file(entry.path(), folder / "list");
    const std::string text = folder.read("list");
    folder.write("list", text + "broken\n");
    const auto number = std::count(text.begin(), text.end(), '\n') + 1;
    const ToolResult result =
        run_tool(ToolRun{.arguments = {"bench", "--shapes", "list"}, .folder = folder.path()});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_NE(result.err.find("list:" + std::to_string(number) + ":"), std::string::npos)
        << entry.path() << ": " << result.err;
  }
}

TEST(ToolBench, LeavesFilesAsTheyWereWhereItIsEndedWhileMeasuring) {
  const Folder folder;
  folder.write("scaling.json", "old");
  RunningTool tool(ToolRun{.arguments = {"bench", "--seq", "4,50000", "--seconds", "30"},
                           .folder = folder.path()});
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (tool.out().find("us/step") == std::string::npos &&
         std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  tool.send(SIGTERM);
  const ToolResult result = tool.wait();
  EXPECT_EQ(result.signal, SIGTERM) << result.out;
  EXPECT_EQ(folder.contents(), (std::map<std::string, std::string>{{"scaling.json", "old"}}));
}

// A list is measured as far as takt goes.
TEST(ToolBench, HasRowsOfWhatItDoesNotRun) {
  const Folder folder;
  folder.write("list",
               "lstm f32 4 2 3 5 inference layers=2\n"
               "lstm f32 4 2 3 5 inference\n"
               "lstm f32 1099511627776 64 3 4096 inference\n"
               "lstm f32 4 2 3 5 training bidirectional\n"
               "lstm f32 4 1 1 2147483647 inference\n"
               "lstm f32 1 2147483647 64 64 inference lengths=uniform\n");
  const ToolResult result = run_tool(
      ToolRun{.arguments = {"bench", "--shapes", "list", "--seconds", "0.001", "--no-plot"},
              .folder = folder.path()});
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  const json report = json::parse(folder.read("scaling.json"));
  ASSERT_EQ(report["points"].size(), 6u);
  EXPECT_EQ(report["complete"], true);
  EXPECT_EQ(report["points"][0]["extras"], "layers=2");
  EXPECT_EQ(report["points"][0]["refusal"],
            "takt: Plan: 'layers' is 2; takt runs one layer a plan yet");
  EXPECT_FALSE(report["points"][1].contains("refusal"));
  EXPECT_TRUE(report["points"][1].contains("median_s"));
  const std::string too_large = report["points"][2]["refusal"];
  EXPECT_NE(too_large.find("of memory; "), std::string::npos) << too_large;
  EXPECT_NE(result.out.find("'direction' is bidirectional"), std::string::npos) << result.out;
  const std::string no_plan = report["points"][4]["refusal"];
  EXPECT_NE(no_plan.find("'hidden_size' is 2147483647"), std::string::npos) << no_plan;
  EXPECT_TRUE(report["points"][5].contains("refusal"));
  // The same asked for by options, not in a list, ends it before anything runs.
  const ToolResult asked =
      run_tool(ToolRun{.arguments = {"bench", "--seq", "1099511627776", "--hidden", "4096"},
                       .folder = folder.path()});
  EXPECT_EQ(asked.exit_code, 3);
  EXPECT_NE(asked.err.find("of memory; "), std::string::npos) << asked.err;
}

// y behind a row's end is held against zeros, so full rows would lie outside.
TEST(ToolBench, RunsRowsOfSeveralLengths) {
  const Folder folder;
  folder.write("list",
               "lstm     f32 70 8 5 6 training\n"
               "lstm     f32 70 8 5 6 training lengths=uniform\n"
               "gru      f64 70 8 5 6 inference lengths=zipf\n"
               "rnn_tanh f32 200 8 5 6 training lengths=zipf\n");
  const ToolResult result = run_tool(
      ToolRun{.arguments = {"bench", "--shapes", "list", "--seconds", "0.001", "--no-plot"},
              .folder = folder.path()});
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  const json report = json::parse(folder.read("scaling.json"));
  ASSERT_EQ(report["points"].size(), 4u);
  for (const json& point : report["points"]) {
    EXPECT_TRUE(point.contains("median_s")) << point;
    EXPECT_GE(point["check"]["tensors"].size(), 1u) << point;
  }
  // f32 lstm, forward and backward: all that is in memory, and R of 4 * 6 * 6 twice in each step.
  const json &whole = report["points"][0], &bytes = whole["bytes"];
  EXPECT_NEAR(whole["gb_per_s"].get<double>() * 1e9 * whole["median_s"].get<double>(),
              bytes["of_call"].get<double>() + bytes["weights"].get<double>() +
                  bytes["weight_gradients"].get<double>() + 2 * 70 * 4 * 4 * 6 * 6,
              1);
  const auto operations = [&](std::size_t n) {
    const json& point = report["points"][n];
    return point["gflop_per_s"].get<double>() * point["median_s"].get<double>();
  };
  EXPECT_LT(operations(1), operations(0));
}

TEST(ToolBench, RunsWithoutTheInputProduct) {
  const Folder folder;
  folder.write("list",
               "lstm     f32 20 3 5 6 training\n"
               "gru      f64 20 3 5 6 inference\n"
               "rnn_tanh f32 20 3 5 6 training-forward lengths=uniform\n");
  const ToolResult result =
      run_tool(ToolRun{.arguments = {"bench", "--shapes", "list", "--seconds", "0.001", "--no-plot",
                                     "--no-input-product"},
                       .folder = folder.path()});
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_NE(result.out.find(", without the input product"), std::string::npos) << result.out;
  const json report = json::parse(folder.read("scaling.json"));
  const std::vector<std::pair<int, std::string>> expected = {
      {24, "precomputed"}, {18, "precomputed"}, {6, "precomputed lengths=uniform"}};
  ASSERT_EQ(report["points"].size(), expected.size());
  for (std::size_t n = 0; n < expected.size(); ++n) {
    EXPECT_EQ(report["points"][n]["I"], expected[n].first);
    EXPECT_EQ(report["points"][n]["extras"], expected[n].second);
    EXPECT_TRUE(report["points"][n].contains("median_s"));
  }
  // A list has a word for it.
  folder.write("both",
               "lstm f32 20 3  5 6 inference\n"
               "lstm f32 20 3 24 6 inference precomputed\n");
  const ToolResult both =
      run_tool(ToolRun{.arguments = {"bench", "--shapes", "both", "--seconds", "0.001", "--no-plot",
                                     "--json", "both.json"},
                       .folder = folder.path()});
  ASSERT_EQ(both.exit_code, 0) << both.out << both.err;
  EXPECT_NE(both.out.find("; precomputed: without the input product"), std::string::npos)
      << both.out;
  EXPECT_EQ(json::parse(folder.read("both.json"))["points"][1]["extras"], "precomputed");
  std::vector<std::string> tensors;
  for (const json& error : report["points"][0]["check"]["tensors"])
    tensors.push_back(error["tensor"].get<std::string>());
  EXPECT_EQ(std::count(tensors.begin(), tensors.end(), "dW"), 0);
  EXPECT_GE(std::count(tensors.begin(), tensors.end(), "dR"), 1);
  EXPECT_GE(std::count(tensors.begin(), tensors.end(), "dx"), 1);
}

TEST(ToolBench, RunsAListInAnotherTypeAndMode) {
  const Folder folder;
  folder.write("list", "lstm f32 4 2 3 5 inference\ngru f32 4 2 3 5 training\n");
  const ToolResult result =
      run_tool(ToolRun{.arguments = {"bench", "--shapes", "list", "--type", "f64", "--mode",
                                     "training-forward", "--seconds", "0.001", "--no-plot"},
                       .folder = folder.path()});
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  const json report = json::parse(folder.read("scaling.json"));
  ASSERT_EQ(report["points"].size(), 2u);
  for (const json& point : report["points"]) {
    EXPECT_EQ(point["type"], "f64");
    EXPECT_EQ(point["mode"], "training-forward");
  }
}

TEST(ToolBench, KeepsWhatItMeasuredBeforeItWasEnded) {
  const Folder folder;
  folder.write("scaling.json", "old");
  folder.write("scaling.svg", "old");
  folder.write("list", "lstm f32 4 2 3 5 inference\nlstm f32 50000 64 64 64 training\n");
  RunningTool tool(ToolRun{.arguments = {"bench", "--shapes", "list", "--seconds", "0.001"},
                           .folder = folder.path()});
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  const auto is_kept = [&] { return folder.read("scaling.json") != "old"; };
  while (!is_kept() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  tool.send(SIGTERM);
  EXPECT_EQ(tool.wait().signal, SIGTERM);
  const json report = json::parse(folder.read("scaling.json"));
  EXPECT_EQ(report["complete"], false);
  ASSERT_EQ(report["points"].size(), 1u);
  EXPECT_GE(report["points"][0]["samples_s"].size(), 30u);
  EXPECT_FALSE(folder.contents().contains("scaling.svg"));
}

}  // namespace

#endif
