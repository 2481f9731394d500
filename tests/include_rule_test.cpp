// The include rule: include <- kernels <- src <- tests; bench and examples see only include/, but
// for the program in bench/micro, which measures what kernels are made of and speaks as the tool.
// What an example is tested by lies in a folder of its name.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

using Files = std::set<std::string>;

constexpr std::string_view standard_headers =
    " algorithm any array atomic barrier bit bitset cassert cctype cerrno cfenv cfloat charconv"
    " chrono cinttypes climits clocale cmath compare complex concepts condition_variable coroutine"
    " csetjmp csignal cstdarg cstddef cstdint cstdio cstdlib cstring ctime cuchar cwchar cwctype"
    " deque exception execution filesystem format forward_list fstream functional future"
    " initializer_list iomanip ios iosfwd iostream istream iterator latch limits list locale map"
    " memory memory_resource mutex new numbers numeric optional ostream queue random ranges ratio"
    " regex scoped_allocator semaphore set shared_mutex source_location span sstream stack"
    " stdexcept stop_token streambuf string string_view strstream syncstream system_error thread"
    " tuple type_traits typeindex typeinfo unordered_map unordered_set utility valarray variant"
    " vector version ";

bool is_standard(std::string_view header) {
  return standard_headers.find(" " + std::string{header} + " ") != std::string_view::npos;
}

bool under(std::string_view path, std::string_view folder) {
  return path.starts_with(folder);
}

/// An #include as it stands: `<takt/plan.hpp>` or `"cpu/level.hpp"`.
struct Include {
  bool quoted;
  std::string name;
};

/// The folder of the example that a file of examples/ is a part of: "examples/song/".
std::string example_of(std::string_view path) {
  const std::size_t first = path.find('/') + 1;
  return std::string(path.substr(0, std::max(first, path.find('/', first) + 1)));
}

/// The file of the tree that `include` in `path` means; empty for one from outside.
std::string file_of(const std::string& path, const Include& include, const Files& files) {
  const std::string top = path.substr(0, path.find('/') + 1);
  std::vector<std::string> candidates{"include/" + include.name};
  if (under(include.name, "takt/kernels/")) candidates.push_back(include.name.substr(5));
  if (include.quoted) {
    candidates.push_back((fs::path{path}.parent_path() / include.name).lexically_normal());
    if (under(path, "examples/")) candidates.push_back(example_of(path) + include.name);
    candidates.push_back(include.name);
    candidates.push_back(top + include.name);
    candidates.push_back("src/" + include.name);
    candidates.push_back("bench/" + include.name);
    if (under(path, "tests/")) candidates.push_back("examples/" + include.name);
    if (under(path, "tests/simt/")) candidates.push_back("bench/micro/" + include.name);
    if (under(path, "tests/simt/")) candidates.push_back("tests/simt/" + include.name);
  }
  const auto found = std::ranges::find_if(
      candidates, [&](const std::string& candidate) { return files.contains(candidate); });
  return found == candidates.end() ? std::string{} : *found;
}

/// Whether a file may include this header from outside, which is not a standard one.
bool may_see_outside(std::string_view path, std::string_view header) {
  if (under(path, "include/") || under(path, "kernels/policy/") || under(path, "src/reference/") ||
      under(path, "src/plan."))
    return false;
  if (under(path, "kernels/")) return under(header, "cuda_") || header == "cooperative_groups.h";
  return true;
}

/// The folder that tests a file of an example.
std::string tests_of(std::string_view file) {
  return "tests/" + example_of(file).substr(std::string_view("examples/").size());
}

/// Whether a file may include that file of the tree.
bool may_see(std::string_view path, std::string_view file) {
  const bool is_public = under(file, "include/");
  if (under(file, "bench/micro/")) return under(path, "bench/micro/") || under(path, "tests/");
  if (path == "include/takt/cell.cuh") return is_public || under(file, "kernels/");
  if (under(path, "include/")) return is_public;
  if (under(path, "kernels/policy/")) return is_public || under(file, "kernels/policy/");
  if (under(path, "kernels/")) return is_public || under(file, "kernels/");
  if (under(path, "src/reference/"))
    return file == "include/takt/reference.hpp" || file == "include/takt/error.hpp" ||
           under(file, "src/reference/");
  if (under(path, "src/plan.") && under(file, "kernels/")) return under(file, "kernels/policy/");
  if (under(path, "src/tool/")) return is_public || under(file, "src/") || under(file, "bench/");
  if (under(path, "src/validate/"))
    return is_public || (under(file, "src/") && !under(file, "src/tool/"));
  if (under(path, "src/"))
    return is_public || under(file, "kernels/") ||
           (under(file, "src/") && !under(file, "src/tool/") && !under(file, "src/validate/"));
  if (under(path, "tests/")) return !under(file, "examples/") || under(path, tests_of(file));
  if (under(path, "bench/micro/"))
    return is_public || under(file, "kernels/") || under(file, "bench/") ||
           under(file, "src/tool/");
  if (under(path, "bench/")) return is_public || under(file, "bench/");
  if (under(path, "examples/"))
    return is_public || (under(file, "examples/") && example_of(path) == example_of(file));
  return false;
}

/// Why `path` must not have this include; empty where it may.
std::string refusal(const std::string& path, const Include& include, const Files& files) {
  if (const std::string file = file_of(path, include, files); !file.empty())
    return may_see(path, file) ? "" : path + " must not include " + file;
  if (include.quoted || under(include.name, "takt/"))
    return path + " includes " + include.name + ", which is not in the tree";
  if (is_standard(include.name) || may_see_outside(path, include.name)) return "";
  return path + " must not include <" + include.name + ">";
}

std::vector<Include> includes_of(std::istream& source) {
  static const std::regex line_form{R"re(\s*#\s*include\s*([<"])([^>"]+)[>"].*)re"};
  std::vector<Include> includes;
  for (std::string line; std::getline(source, line);) {
    std::smatch match;
    if (std::regex_match(line, match, line_form)) includes.push_back({match[1] == "\"", match[2]});
  }
  return includes;
}

Files files_of_the_tree() {
  Files files;
  const fs::path root{TAKT_SOURCE_DIR};
  for (const char* folder : {"include", "kernels", "src", "tests", "bench", "examples"}) {
    if (!fs::exists(root / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator{root / folder}) {
      static const std::set<std::string> extensions{".hpp", ".cpp", ".cuh", ".cu", ".inc"};
      if (entry.is_regular_file() && extensions.contains(entry.path().extension()))
        files.insert(entry.path().lexically_relative(root));
    }
  }
  return files;
}

TEST(IncludeRule, HoldsInEveryFileOfTheTree) {
  const Files files = files_of_the_tree();
  int includes = 0;
  for (const std::string& path : files) {
    std::ifstream source{fs::path{TAKT_SOURCE_DIR} / path};
    for (const Include& include : includes_of(source)) {
      EXPECT_EQ(refusal(path, include, files), "");
      ++includes;
    }
  }
  EXPECT_TRUE(files.contains("include/takt/takt.hpp"));
  EXPECT_TRUE(files.contains("tests/include_rule_test.cpp"));
  EXPECT_GT(includes, 100);
}

struct Sample {
  std::string path;
  Include include;
};

const Files sample_files{
    "include/takt/plan.hpp",      "include/takt/error.hpp",
    "include/takt/reference.hpp", "include/takt/cell.cuh",
    "include/takt/cells.hpp",     "kernels/step.cuh",
    "kernels/policy/step.hpp",    "src/plan.cpp",
    "src/products.hpp",           "src/cpu/level.hpp",
    "src/reference/cell.hpp",     "src/reference/check.cpp",
    "src/validate/report.hpp",    "src/validate/report.cpp",
    "src/tool/table.hpp",         "src/tool/main.cpp",
    "tests/plan_test.cpp",        "tests/tolerance.hpp",
    "bench/scaling.cpp",          "bench/scaling.hpp",
    "bench/micro/mma.cu",         "bench/micro/run.hpp",
    "examples/first.cpp",         "examples/song/verse.hpp",
    "examples/song/verse.cpp",    "tests/song/verse_test.cpp",
    "examples/song/high/note.cu", "examples/song/high/note.hpp",
    "examples/dance/step.hpp",    "src/verse.hpp",
    "src/cuda/list.inc",
};

TEST(IncludeRule, RefusesEachArrowThatGoesUp) {
  const std::vector<Sample> refused{
      {"include/takt/plan.hpp", {true, "src/products.hpp"}},
      {"include/takt/plan.hpp", {true, "../../src/products.hpp"}},
      {"include/takt/plan.hpp", {false, "takt/kernels/step.cuh"}},
      {"include/takt/plan.hpp", {false, "cblas.h"}},
      {"include/takt/plan.hpp", {false, "cuda_runtime.h"}},
      {"include/takt/plan.hpp", {false, "stdint.h"}},
      {"include/takt/plan.hpp", {false, "takt/missing.hpp"}},
      {"include/takt/cell.cuh", {true, "src/products.hpp"}},
      {"kernels/step.cuh", {true, "cpu/level.hpp"}},
      {"kernels/step.cuh", {false, "cublasLt.h"}},
      {"kernels/policy/step.hpp", {true, "kernels/step.cuh"}},
      {"kernels/policy/step.hpp", {false, "cuda_fp16.h"}},
      {"src/plan.cpp", {true, "kernels/step.cuh"}},
      {"src/plan.cpp", {false, "takt/kernels/step.cuh"}},
      {"src/plan.cpp", {false, "cuda_runtime.h"}},
      {"src/reference/check.cpp", {false, "takt/cells.hpp"}},
      {"src/reference/check.cpp", {true, "products.hpp"}},
      {"src/reference/check.cpp", {true, "../cpu/level.hpp"}},
      {"src/products.hpp", {true, "tests/tolerance.hpp"}},
      {"src/products.hpp", {true, "../tests/tolerance.hpp"}},
      {"src/products.hpp", {true, "validate/report.hpp"}},
      {"src/products.hpp", {true, "tool/table.hpp"}},
      {"src/products.hpp", {true, "bench/scaling.hpp"}},
      {"src/validate/report.cpp", {true, "tool/table.hpp"}},
      {"src/tool/main.cpp", {true, "tests/tolerance.hpp"}},
      {"bench/scaling.cpp", {true, "cpu/level.hpp"}},
      {"bench/scaling.cpp", {true, "kernels/step.cuh"}},
      {"bench/scaling.cpp", {true, "micro/run.hpp"}},
      {"bench/micro/mma.cu", {true, "cpu/level.hpp"}},
      {"bench/micro/mma.cu", {true, "tests/tolerance.hpp"}},
      {"src/tool/main.cpp", {true, "micro/run.hpp"}},
      {"examples/first.cpp", {true, "reference/cell.hpp"}},
      {"examples/first.cpp", {true, "song/verse.hpp"}},
      {"examples/song/high/note.cu", {true, "dance/step.hpp"}},
      {"examples/song/high/note.cu", {true, "products.hpp"}},
      {"examples/song/high/note.cu", {false, "takt/kernels/step.cuh"}},
      {"tests/plan_test.cpp", {true, "song/verse.hpp"}},
      {"tests/plan_test.cpp", {true, "missing.hpp"}},
      {"include/takt/plan.hpp", {true, "../../src/cuda/list.inc"}},
  };
  for (const auto& [path, include] : refused)
    EXPECT_NE(refusal(path, include, sample_files), "") << path << ' ' << include.name;
}

TEST(IncludeRule, LetsEachArrowThatGoesDownPass) {
  const std::vector<Sample> allowed{
      {"include/takt/plan.hpp", {false, "takt/error.hpp"}},
      {"include/takt/plan.hpp", {false, "vector"}},
      {"include/takt/cell.cuh", {false, "takt/kernels/step.cuh"}},
      {"kernels/step.cuh", {false, "takt/cells.hpp"}},
      {"kernels/step.cuh", {false, "cuda_fp16.h"}},
      {"kernels/step.cuh", {true, "policy/step.hpp"}},
      {"src/plan.cpp", {true, "kernels/policy/step.hpp"}},
      {"src/plan.cpp", {true, "products.hpp"}},
      {"src/products.hpp", {false, "cblas.h"}},
      {"src/products.hpp", {true, "kernels/step.cuh"}},
      {"src/reference/check.cpp", {false, "takt/reference.hpp"}},
      {"src/reference/check.cpp", {false, "takt/error.hpp"}},
      {"src/reference/check.cpp", {true, "reference/cell.hpp"}},
      {"src/reference/check.cpp", {false, "cmath"}},
      {"src/validate/report.cpp", {true, "report.hpp"}},
      {"src/tool/main.cpp", {true, "validate/report.hpp"}},
      {"src/tool/main.cpp", {true, "scaling.hpp"}},
      {"tests/plan_test.cpp", {true, "cpu/level.hpp"}},
      {"tests/plan_test.cpp", {true, "tolerance.hpp"}},
      {"bench/scaling.cpp", {true, "scaling.hpp"}},
      {"bench/scaling.cpp", {false, "benchmark/benchmark.h"}},
      {"bench/micro/mma.cu", {false, "takt/kernels/step.cuh"}},
      {"bench/micro/mma.cu", {true, "run.hpp"}},
      {"bench/micro/mma.cu", {true, "scaling.hpp"}},
      {"bench/micro/mma.cu", {true, "tool/table.hpp"}},
      {"tests/simt/micro_test.cpp", {true, "run.hpp"}},
      {"examples/first.cpp", {false, "takt/plan.hpp"}},
      {"examples/first.cpp", {false, "cblas.h"}},
      {"examples/song/verse.cpp", {true, "verse.hpp"}},
      {"examples/song/verse.cpp", {true, "high/note.hpp"}},
      {"examples/song/high/note.cu", {true, "high/note.hpp"}},
      {"examples/song/high/note.cu", {true, "verse.hpp"}},  // its own
      {"examples/song/high/note.cu", {false, "cuda_runtime.h"}},
      {"tests/song/verse_test.cpp", {true, "song/verse.hpp"}},
  };
  for (const auto& [path, include] : allowed)
    EXPECT_EQ(refusal(path, include, sample_files), "") << path << ' ' << include.name;
}

TEST(IncludeRule, ReadsIncludesHoweverTheyAreWritten) {
  std::istringstream source{
      "#include <vector>\n  #  include \"a/b.hpp\" // why\n// #include <no>\nint x;\n"};
  const std::vector<Include> includes = includes_of(source);
  ASSERT_EQ(includes.size(), 2u);
  EXPECT_FALSE(includes[0].quoted);
  EXPECT_EQ(includes[0].name, "vector");
  EXPECT_TRUE(includes[1].quoted);
  EXPECT_EQ(includes[1].name, "a/b.hpp");
}

}  // namespace
