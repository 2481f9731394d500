// Records of runs: what comes back, what is refused, and that the recorded ones say what is
// claimed.
#include "language_model/record.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "language_model/curve.hpp"
#include "language_model/failure.hpp"
#include "small_models.hpp"
#include "tool_run.hpp"

namespace language_model::test {
namespace {

namespace fs = std::filesystem;
using takt::test::Folder;

Record sample() {
  return {.commit = "1234567",
          .sizes = small_sizes,
          .options = small_options(),
          .text = "a text",
          .text_bytes = 1000,
          .witten_bell = 3.25,
          .device = "cpu",
          .curve = {{10, 4, 3.5}, {20, 3, 3.125}, {30, 2, 3.0625 + 1.0 / 3}},
          .seconds = 12,
          .timed_steps = 30,
          .takt_share = 0.5,
          .products_share = 0.25};
}

TEST(LanguageModelRecord, ComesBackAsItWasWritten) {
  const Folder folder;
  const Record record = sample();
  folder.write("run.json", to_json(record));
  const Record back = read_record(folder / "run.json");
  EXPECT_EQ(back.sizes, record.sizes);
  EXPECT_EQ(back.options, record.options);
  EXPECT_EQ(to_json(back), to_json(record));
  EXPECT_EQ(back.last(), 3.0625 + 1.0 / 3);
  EXPECT_EQ(back.best(), 3.125);
}

TEST(LanguageModelRecord, WhatIsNoneIsRefused) {
  const Folder folder;
  std::string torn = to_json(sample());
  torn.resize(torn.size() / 2);
  const auto with = [](const std::string& old, const std::string& now) {
    std::string text = to_json(sample());
    return text.replace(text.find(old), old.size(), now);
  };
  for (const std::string& contents :
       {torn, std::string("[]"), std::string("{\"record\":\"bench\"}"),
        std::string("{\"record\":\"language model\",\"model\":3}"),
        with("\"gru\"", "\"\\u001b[2J\""), with("\"hidden\": 24", "\"hidden\": -24"),
        with("\"dropout\": 0.2", "\"dropout\": 2")}) {
    folder.write("run.json", contents);
    EXPECT_THROW((void)read_record(folder / "run.json"), UsageError) << contents;
  }
}

TEST(LanguageModelRecord, ATableHasARowForEach) {
  Record other = sample();
  other.options.recurrence = false;
  const std::string table = comparison({{"one", sample()}, {"two", other}});
  EXPECT_NE(table.find("\n| one | gru E=8 H=24 L=1 | 3 | 0.2 | 0.3 | 30 | 3.125 | 3.396 | 3.250 | "
                       "75 % | 12 |\n"),
            std::string::npos)
      << table;
  EXPECT_NE(table.find("\n| two | gru E=8 H=24 L=1, R = 0 | "), std::string::npos) << table;
  EXPECT_TRUE(table.ends_with(" |\n\ncpu; commit 1234567; a text, 1000 bytes.\n")) << table;
}

TEST(LanguageModelRecord, ATableHasNoTimeOfARunThatWasNotTimedWhole) {
  Record record = sample();
  record.timed_steps = 20;
  const std::string table = comparison({{"one", record}});
  EXPECT_NE(table.find(" | 75 % | - |\n"), std::string::npos) << table;
}

TEST(LanguageModelRecord, ATableNamesEveryPlaceThatItsRowsComeFrom) {
  Record other = sample();
  other.commit = "";
  const std::string table = comparison({{"one", sample()}, {"two", other}, {"three", sample()}});
  EXPECT_TRUE(
      table.ends_with(" |\n\ncpu; commit 1234567; a text, 1000 bytes.\n"
                      "\ncpu; commit not told; a text, 1000 bytes.\n"))
      << table;
}

TEST(LanguageModelCurve, DrawsBothLinesAndTheCountingModel) {
  const std::string svg = curve_svg(sample().curve, 3.25, "a title");
  EXPECT_TRUE(svg.starts_with("<svg "));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  EXPECT_NE(svg.find(">a title<"), std::string::npos);
  EXPECT_NE(svg.find(">held out, by counting: 3.250<"), std::string::npos);
  std::size_t lines = 0;
  for (std::size_t at = 0; (at = svg.find("<polyline", at)) != std::string::npos; ++at) ++lines;
  EXPECT_EQ(lines, 2u);
}

const fs::path folder = fs::path(TAKT_SOURCE_DIR) / "examples/language_model";

Record recorded(const std::string& name) {
  return read_record(folder / "results" / (name + ".json"));
}

std::string contents_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(LanguageModelResults, EverySeedIsBelowCountingAndWithoutRNoneIs) {
  for (const std::string cell : {"gru", "rnn_tanh"})
    for (const char* seed : {"1", "2", "3"}) {
      const Record with = recorded(cell + "-" + seed);
      const Record without = recorded(cell + "-" + seed + "-without-r");
      TrainingOptions options{.seed = std::stoull(seed)};  // the program's own defaults
      EXPECT_EQ(with.options, options);
      options.recurrence = false;
      EXPECT_EQ(without.options, options);
      EXPECT_EQ(with.sizes, ModelSizes{.cell = cell});
      EXPECT_EQ(without.sizes, with.sizes);
      EXPECT_LT(with.best(), with.witten_bell) << cell << seed;
      EXPECT_LT(with.last(), with.witten_bell) << cell << seed;
      EXPECT_GT(without.best(), without.witten_bell) << cell << seed;
      EXPECT_LT(with.seconds, 120) << cell << seed;
    }
}

/// Of every GRU and LSTM; the page says that an rnn_tanh, with so little work in it, has less.
TEST(LanguageModelResults, MostOfAStepIsTaktsCallsAndLargeProducts) {
  int held = 0;
  for (const auto& entry : fs::directory_iterator(folder / "results")) {
    if (entry.path().extension() != ".json") continue;
    const std::string name = entry.path().stem();
    const Record record = recorded(name);
    const double share = record.takt_share + record.products_share;
    EXPECT_GE(share, record.sizes.cell == "rnn_tanh" ? 0.6 : 0.7) << name;
    if (record.sizes.cell == "rnn_tanh")
      EXPECT_LT(share, 0.7) << name << ": the page says less";
    else
      ++held;
  }
  EXPECT_GE(held, 8);
}

/// Whatever holds it back: without R and inner state, nothing but the last byte can be known.
TEST(LanguageModelResults, WithoutAnyMemoryNoTrainingComesNearCounting) {
  const Record record = recorded("rnn_tanh-no-dropout-without-r");
  EXPECT_EQ(record.options.dropout, 0);
  EXPECT_FALSE(record.options.recurrence);
  EXPECT_GT(record.best(), record.witten_bell + 0.5);
}

/// Said on the page, so that nobody takes more from R = 0 than it shows.
TEST(LanguageModelResults, ThePageIsRightAboutGatesAsMemory) {
  const Record gru = recorded("gru-little-dropout-without-r"), lstm = recorded("lstm-without-r");
  EXPECT_LT(gru.best(), gru.witten_bell);
  EXPECT_LT(recorded("gru-little-dropout").best(), gru.best() - 0.2);
  EXPECT_LT(lstm.best(), lstm.witten_bell);
  const double of_gru = gru.best() - recorded("gru-little-dropout").best();
  EXPECT_GT(lstm.best(), recorded("lstm").best());
  EXPECT_LT(lstm.best() - recorded("lstm").best(), of_gru / 2);
}

TEST(LanguageModelResults, ThePageSaysHowMuchTextThereIs) {
  const Text text(static_cast<std::size_t>(recorded("gru-1").text_bytes));
  const Split parts = split(text);
  const std::string words = std::to_string(parts.train.size()) + " bytes to learn, " +
                            std::to_string(parts.held_out.size()) + " held out.";
  EXPECT_NE(contents_of(folder / "README.md").find(words), std::string::npos) << words;
}

/// Names of the rows of table.md.
std::vector<std::string> rows_of(const std::string& table) {
  std::vector<std::string> names;
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("| ") && !line.starts_with("| run |"))
      names.push_back(line.substr(2, line.find(" |", 2) - 2));
  return names;
}

TEST(LanguageModelResults, ThePageHasTheTableThatTheRecordsGive) {
  const std::string table = contents_of(folder / "results/table.md");
  const std::vector<std::string> names = rows_of(table);
  std::vector<std::pair<std::string, Record>> records;
  for (const std::string& name : names) records.emplace_back(name, recorded(name));
  EXPECT_EQ(table, comparison(records));
  std::set<std::string> there;
  for (const auto& entry : fs::directory_iterator(folder / "results"))
    if (entry.path().extension() == ".json") there.insert(entry.path().stem());
  EXPECT_EQ(there, std::set<std::string>(names.begin(), names.end()));
  const std::string page = contents_of(folder / "README.md");
  EXPECT_NE(
      page.find("<!-- results/table.md -->\n\n" + table + "\n<!-- end of results/table.md -->"),
      std::string::npos);
}

TEST(LanguageModelResults, AllComeFromOneCleanCommitAndOneText) {
  const Record first = recorded("gru-1");
  EXPECT_TRUE(std::regex_match(first.commit, std::regex("[0-9a-f]{7,40}"))) << first.commit;
  for (const std::string& name : rows_of(contents_of(folder / "results/table.md"))) {
    const Record record = recorded(name);
    EXPECT_EQ(record.commit, first.commit) << name;
    EXPECT_EQ(record.text_bytes, first.text_bytes) << name;
    EXPECT_EQ(record.timed_steps, record.options.steps) << name;
  }
}

/// A record of a commit that nobody can look at tells nothing.
TEST(LanguageModelResults, ComeFromACommitOfThisHistory) {
  const auto in_source = [](const std::string& line) {
    return takt::test::run_tool(takt::test::ToolRun{
        .arguments = {"-c", line}, .folder = TAKT_SOURCE_DIR, .program = "/bin/bash"});
  };
  const takt::test::ToolResult top = in_source("git rev-parse --show-toplevel");
  if (top.exit_code != 0 || !fs::equivalent(top.out.substr(0, top.out.find('\n')), TAKT_SOURCE_DIR))
    GTEST_SKIP() << "the source is not a repository's";
  if (in_source("git rev-parse --is-shallow-repository").out != "false\n")
    GTEST_SKIP() << "the repository is shallow";
  const std::string commit = recorded("gru-1").commit;
  EXPECT_EQ(in_source("git merge-base --is-ancestor " + commit + " HEAD").exit_code, 0) << commit;
}

/// A repository of its own with record.sh in it, on a branch main.
class LanguageModelRecording : public testing::Test {
 protected:
  void SetUp() override {
    tree_.write("record.sh", contents_of(folder / "results/record.sh"));
    if (shell("git init -q . && git checkout -q -b main").exit_code != 0 || commit() != 0)
      GTEST_SKIP() << "git makes no repository here";
  }
  takt::test::ToolResult shell(const std::string& line) const {
    return takt::test::run_tool(takt::test::ToolRun{
        .arguments = {"-c", line}, .folder = tree_.path(), .program = "/bin/bash"});
  }
  int commit() const {
    return shell("git add . && git -c user.name=a -c user.email=a@b commit -q -m a").exit_code;
  }
  /// What is said beside that there is nothing to build.
  std::string refusal() const {
    const takt::test::ToolResult result = shell("bash record.sh /nowhere");
    EXPECT_NE(result.exit_code, 0);
    return result.err.starts_with("record.sh: ") ? result.err : "";
  }

  const Folder tree_;
};

TEST_F(LanguageModelRecording, NeedsATreeWithoutChanges) {
  EXPECT_EQ(refusal(), "");
  tree_.write("new", "something");
  EXPECT_EQ(refusal(),
            "record.sh: the tree has changes that are not committed; a record names its commit\n");
}

TEST_F(LanguageModelRecording, NeedsACommitThatHasLanded) {
  ASSERT_EQ(shell("git checkout -q -b topic").exit_code, 0);
  EXPECT_EQ(refusal(), "");  // it is main's, too
  tree_.write("new", "something");
  ASSERT_EQ(commit(), 0);
  EXPECT_NE(refusal().find(" is not in branch main; "), std::string::npos) << refusal();
}

TEST(LanguageModelResults, ThePictureIsThatOfTheRecord) {
  const Record record = recorded("gru-1");
  EXPECT_EQ(contents_of(folder / "results/gru-1.svg"),
            curve_svg(record.curve, record.witten_bell, to_string(record.sizes)));
}

}  // namespace
}  // namespace language_model::test
