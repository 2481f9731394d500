// The takt command refuses what is wrong or cannot be done: a sentence, and nothing touched.
#ifdef TAKT_TOOL

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <takt/cells.hpp>
#include <takt/device.hpp>

#include "tool_run.hpp"

namespace {

using takt::test::Folder;
using takt::test::run_tool;
using takt::test::ToolResult;
using takt::test::ToolRun;

struct Refusal {
  std::vector<std::string> arguments;
  std::vector<std::string> said;  ///< parts of the sentence
};

constexpr int misused = 2, failed = 3;

/// Runs in a folder with files of before, which must not change.
void expect_refusal(const Refusal& refusal, const std::string& list = "", int exit_code = misused) {
  const Folder folder;
  folder.write("scaling.json", "old");
  folder.write("scaling.svg", "old");
  folder.write("list", list);
  const auto before = folder.contents();
  const ToolResult result =
      run_tool(ToolRun{.arguments = refusal.arguments, .folder = folder.path()});
  std::string command;
  for (const std::string& word : refusal.arguments) command += word + " ";
  EXPECT_EQ(result.exit_code, exit_code) << command << result.out;
  EXPECT_EQ(result.out, "") << command;
  EXPECT_TRUE(result.err.starts_with("takt: ")) << command << result.err;
  EXPECT_EQ(result.err.find('\n'), result.err.size() - 1) << command << result.err;
  for (const std::string& part : refusal.said)
    EXPECT_NE(result.err.find(part), std::string::npos) << command << result.err;
  EXPECT_EQ(folder.contents(), before) << command;
}

TEST(ToolRefuses, UnknownWords) {
  std::string cells;
  for (const takt::CellInfo& cell : takt::known_cells())
    cells += (cells.empty() ? "" : ", ") + std::string(cell.name);
  for (const std::string name : {"validate", "bench", "explain"}) {
    expect_refusal({{name, "--cell", "lstn"}, {"--cell is 'lstn'", "one of: " + cells}});
    expect_refusal({{name, "--type", "f31"}, {"--type is 'f31'", "one of: f32, f64"}});
    expect_refusal({{name, "--device", "tpu"}, {"--device is 'tpu'", "cpu, cuda, cuda:N, best"}});
    for (const std::string device :
         {"cuda:", "cuda:x", "cuda:-1", "cuda:N", "cuda:4294967296", "cpu:0"})
      expect_refusal({{name, "--device", device}, {"--device is '" + device + "'; it must be"}});
    expect_refusal({{name, "--instruction-set", "mmx"}, {"--instruction-set is 'mmx'", "one of:"}});
    expect_refusal({{name, "--frob"}, {"'--frob'", "takt " + name + " --help"}});
    expect_refusal({{name, "frob"}, {"'frob'", "takt " + name + " --help"}});
    expect_refusal({{name, "--cell"}, {"--cell must have one value", "takt " + name + " --help"}});
  }
  expect_refusal({{"bench", "--no-plot=maybe"}, {"--no-plot takes no value"}});
  expect_refusal({{"frob"}, {"'frob' is not a command", "info, validate, bench, explain"}});
  expect_refusal({{"--frob"}, {"'--frob'", "takt --help"}});
  expect_refusal({{"bench", "--mode", "both"}, {"--mode is 'both'", "inference, training"}});
  expect_refusal(
      {{"explain", "--layout", "TBH"}, {"--layout is 'TBH'", "time_major, batch_major"}});
}

std::string cell_of_gates() {
  return std::string(takt::known_cells().back().name);
}

/// What Plan takes of that cell.
std::string largest_hidden() {
  return std::to_string(2147483647 / takt::known_cells().back().gates);
}

TEST(ToolRefuses, NumbersOutOfRange) {
  for (const std::string value : {"-1", "two", "1.5", "99999999999999999999"})
    for (const std::string name : {"validate", "bench", "explain"})
      expect_refusal({{name, "--threads=" + value}, {"--threads is '" + value + "'"}});
  expect_refusal(
      {{"validate", "--threads", "1025"}, {"--threads: 'threads' is 1025", "1 and 1024"}});
  for (const std::string name : {"bench", "explain"})
    for (const std::string size : {"hidden", "input"}) {
      for (const std::string value : {"x", "1.5", "18446744073709551617"})
        expect_refusal({{name, "--" + size, value},
                        {"--" + size + " is '" + value + "'; it must be a whole number"}});
      for (const std::string value : {"0", "-1", "2147483648"})
        expect_refusal({{name, "--cell", cell_of_gates(), "--" + size, value},
                        {"--" + size + ": '" + size + "_size' is " + value + "; it must be between",
                         size == "input" ? "2147483647" : largest_hidden()}});
    }
  for (const std::string value : {"0", "1,0", "x", "1;2", "2147483648"})
    expect_refusal(
        {{"bench", "--batch", value}, {"--batch is '" + value + "'; B = '", "2147483647"}});
  for (const std::string value : {"0", "-1", "nan", "inf", "1e9", "soon", "4.9e-324"})
    expect_refusal({{"bench", "--seconds=" + value},
                    {"--seconds is '" + value + "'", "between 0.001 and 3600"}});
  for (const std::string value : {"x", "nan", "inf", "1e999"})
    expect_refusal({{"explain", "--dropout", value}, {"it must be a finite number"}});
  expect_refusal({{"explain", "--layers", "4294967297"}, {"--layers is '4294967297'"}});
  expect_refusal({{"explain", "--seq", "9223372036854775808"}, {"--seq is '"}});
}

TEST(ToolRefuses, ListsOfStepsAsAWhole) {
  const std::vector<std::pair<std::string, std::string>> said = {
      {"0", "T = '0' must be a whole number between 1 and 1099511627776"},
      {"4,a", "T = 'a' must be a whole number"},
      {"99999999999999999999", "T = '99999999999999999999' must be a whole number"},
      {"1:0", "TO = '0' must be a whole number"},
      {":4", "FROM = '' must be a whole number"},
      {"1,8:4", "TO = 4 must be at least FROM = 8"},
      {"1:8:1", "FACTOR = '1' must be a whole number between 2 and"},
      {"1:2:3:4", "'1:2:3:4' must be a number, FROM:TO or FROM:TO:FACTOR"},
      {"1,", "nothing stands before or after one of its commas"},
      {"1,,2", "nothing stands before or after one of its commas"}};
  for (const auto& [value, sentence] : said)
    expect_refusal({{"bench", "--seq", value}, {"--seq is '" + value + "'; " + sentence}});
}

TEST(ToolRefuses, EmptyValues) {
  for (const std::string option : {"--cell", "--type", "--hidden", "--input", "--batch", "--seq",
                                   "--mode", "--shapes", "--seconds", "--against", "--device",
                                   "--threads", "--instruction-set", "--out", "--json"}) {
    expect_refusal({{"bench", option, ""}, {option + " is ''; it must not be empty"}});
    expect_refusal({{"bench", option + "="}, {option + " is ''; it must not be empty"}});
  }
  for (const std::string name : {"info", "validate", "explain"})
    expect_refusal({{name, "--json", ""}, {"--json is ''; it must not be empty"}});
  expect_refusal({{""}, {"an argument is ''"}});
  expect_refusal({{"info", ""}, {"an argument is ''"}});
}

TEST(ToolRefuses, EscapesOfTheTerminal) {
  expect_refusal({{"explain", "--cell", "a\x1b[31m\n"}, {"--cell is 'a\\x1b[31m\\x0a'"}});
}

TEST(ToolRefuses, WhatNothingHereCanDo) {
  for (const std::string name : {"validate", "bench", "explain"}) {
    expect_refusal({{name, "--device", "cuda", "--threads", "1"}, {"--threads", "'cuda'"}});
    expect_refusal({{name, "--device", "cuda", "--instruction-set", takt::cpu_levels().front()},
                    {"--instruction-set", "'cuda'"}});
    expect_refusal({{name, "--device", "cuda:1", "--threads", "1"}, {"--threads", "'cuda:1'"}});
    expect_refusal({{name, "--device", "cuda:1000"}, {"Device::cuda: no device 1000: "}}, "",
                   failed);
  }
  expect_refusal({{"bench", "--device", "cpu", "--type", "f16"}, {"'type' is f16", "cpu"}});
  expect_refusal({{"validate", "--type", "f8"}, {"one of: f32, f64, f16, bf16, tf32"}});
  expect_refusal({{"explain", "--layers", "2"}, {"'layers' is 2"}});
  expect_refusal({{"explain", "--results", "none"}, {"--results is 'none'", "must be a folder"}});
  expect_refusal({{"explain", "--device", "cpu", "--constants", "none"},
                  {"--constants means something only on a cuda device"}});
  expect_refusal({{"explain", "--seq", "9223372036854775807", "--batch", "2000000000"}, {"'T'"}});
  expect_refusal({{"explain", "--dropout", "1.5"}, {"'dropout' is 1.5"}});
  expect_refusal({{"bench", "--seq", "1099511627776"},
                  {"T=1099511627776 needs ", "iB of memory", "available"}},
                 "", failed);
  if (takt::best_device().kind() == takt::DeviceKind::cpu)
    expect_refusal({{"explain", "--device", "cuda"}, {"Device::cuda"}}, "", failed);
}

TEST(ToolRefuses, OutputsThatCannotBeWritten) {
  for (const std::string name : {"info", "validate", "bench", "explain"}) {
    expect_refusal({{name, "--json", "missing/x.json"},
                    {"--json is 'missing/x.json'", "No such file or directory"}});
    expect_refusal({{name, "--json", "."}, {"--json is '.'", "a folder"}});
  }
  expect_refusal({{"bench", "--out", "missing"}, {"--out is 'missing'", "a folder that exists"}});
  expect_refusal({{"bench", "--out", "list"}, {"--out is 'list'", "a folder that exists"}});
  expect_refusal({{"info", "--json", "/dev/fd/0"}, {"'/dev/fd/0'", "Bad file descriptor"}});
  expect_refusal({{"info", "--json", "/dev/fd/999"}, {"'/dev/fd/999'", "Bad file descriptor"}});
}

TEST(ToolRefuses, OutputsInEachOthersPlace) {
  expect_refusal({{"bench", "--json", "scaling.svg"}, {"'scaling.svg'", "which is written too"}});
  expect_refusal({{"bench", "--json", "./scaling.svg", "--out", "."},
                  {"'./scaling.svg'", "which is written too"}});
  const std::string list = std::string(takt::known_cells().front().name) + " f32 1 1 1 1 training";
  expect_refusal({{"bench", "--shapes", "list", "--json", "list"}, {"--shapes is 'list'"}}, list);
  expect_refusal({{"bench", "--out", ".", "--no-plot", "--json", "f"},
                  {"--out is '.', where nothing would go"}});
}

void expect_list_refusal(const std::string& list, const std::vector<std::string>& said) {
  expect_refusal({{"bench", "--shapes", "list"}, said}, list);
}

TEST(ToolRefuses, ListsThatAreNoLists) {
  const std::string cell(takt::known_cells().front().name),
      fine = cell + " f32 1 1 1 1 inference\n";
  const std::string column = std::to_string(cell.size() + 2);
  expect_refusal({{"bench", "--shapes", "missing"}, {"missing", "No such file or directory"}});
  expect_refusal({{"bench", "--shapes", "."}, {"--shapes", "cannot be read"}});
  expect_refusal({{"bench", "--shapes", "list", "--hidden", "4"}, {"--shapes", "--hidden"}}, fine);
  expect_list_refusal("", {"list: holds no shape"});
  expect_list_refusal("# nothing\n\n", {"list: holds no shape"});
  expect_list_refusal(fine + "# c\nlstn f32 1 1 1 1 inference",
                      {"list:3:1: 'cell' is 'lstn'", cell});
  expect_list_refusal(cell + " f31 1 1 1 1 inference", {"list:1:" + column + ": 'type' is 'f31'"});
  expect_list_refusal(cell + " f32 0 1 1 1 inference", {"'T' is '0'", "between 1 and"});
  expect_list_refusal(cell + " f32 1 -1 1 1 inference", {"'B' is '-1'", "2147483647"});
  expect_list_refusal(cell + " f32 1 1 1x 1 inference", {"'I' is '1x'"});
  expect_list_refusal(cell + " f32 1 1 1 99999999999999999999 inference", {"'H' is '9999"});
  expect_list_refusal(cell + " f32 1 1 1 1 both", {"'mode' is 'both'", "inference, training"});
  expect_list_refusal(cell + " f32 1 1 1 1 # inference", {"'mode' is missing"});
  expect_list_refusal(fine + cell + " f32 1 1 1 1 inference more",
                      {"list:2:", "'more' must be one of: layers=N, bidirectional"});
  expect_list_refusal(std::string(std::size_t{5} << 20, 'x'), {"is longer than 4194304 bytes"});
  expect_list_refusal(cell + "\x9b\xc2\x9b\xc3\xa9 f32 1 1 1 1 inference",
                      {"\\x9b\\xc2\\x9b\xc3\xa9'"});
  expect_list_refusal(std::string("\0\xff\x80", 3), {"list:1:", "'type' is missing"});
  expect_list_refusal(std::string("l\0\x1b[31m f32 1 1 1 1 inference", 28),
                      {"'cell' is 'l\\x00\\x1b[31m'"});
  expect_list_refusal(fine + cell + " f32 1 1 1 1 inference \x7f",
                      {"'\\x7f' must be one of: layers=N"});
  expect_list_refusal("lst\x1bn f32 1 1 1 1 inference may-be-absent",
                      {"list:1:1: 'cell' is 'lst\\x1bn'", "a name of small letters"});
  expect_list_refusal("lstn f32 1 1 1 1 inference may-be-absent=1",
                      {"list:1:1: 'cell' is 'lstn'", cell});
  expect_list_refusal(cell + " f32 1 1 1 1 inference layers=0", {"'layers' is '0'", "between 1"});
  expect_list_refusal(cell + " f32 1 1 1 1 inference heads", {"'heads' is ''", "between 1"});
  expect_list_refusal(cell + " f32 1 1 1 1 inference algorithm=16",
                      {"'algorithm' is '16'", "a word of takt explain"});
  expect_list_refusal(cell + " f32 1 1 1 4 inference projection=5",
                      {"'projection' is '5'", "between 1 and 4"});
  expect_list_refusal(cell + " f32 1 1 1 1 inference lengths=full",
                      {"'lengths' is 'full'", "uniform, zipf"});
  expect_list_refusal(cell + " f32 2147483648 1 1 1 inference lengths=zipf",
                      {"'lengths' is given, so T must be at most 2147483647"});
  expect_list_refusal("lstm f32 1 1 15 4 inference precomputed",
                      {"list:1:29: 'precomputed' is given, so I must be G*H = 16"});
  expect_list_refusal(cell + " f32 1 1 1 1 inference layers=1 layers=2",
                      {"list:1:" + std::to_string(cell.size() + 33), "'layers' is there twice"});
}

}  // namespace

#endif
