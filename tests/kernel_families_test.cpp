// The table behind docs/hardware.md has every kernel, and patterns of tests that there are.
#ifdef TAKT_TOOL

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "cell_names.hpp"
#include "tool/kernel_families.hpp"

namespace takt::tool {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Files of a folder of the tree with these endings, by their names in the tree.
std::vector<std::string> files_of(const std::string& folder,
                                  const std::set<std::string>& extensions) {
  const fs::path root = TAKT_SOURCE_DIR;
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(root / folder))
    if (entry.is_regular_file() && extensions.contains(entry.path().extension()))
      files.push_back(entry.path().lexically_relative(root));
  return files;
}

std::vector<std::smatch> matches_of(const std::string& text, const std::regex& form) {
  return {std::sregex_iterator(text.begin(), text.end(), form), std::sregex_iterator()};
}

/// Names of the kernels that a source defines; "" for one without such a name.
std::vector<std::string> kernels_in(const std::string& source) {
  static const std::regex form{R"(__global__[^;{]*?\bvoid\b[^;{]*?(\w+_kernel)\s*\()"};
  static const std::regex any{"__global__"};
  std::vector<std::string> names;
  for (const std::smatch& match : matches_of(source, form)) names.push_back(match[1]);
  names.resize(matches_of(source, any).size());
  return names;
}

/// How many families have a kernel of this name in this file.
int places_of(const std::string& kernel, const std::string& file) {
  int places = 0;
  for (const KernelFamily& family : kernel_families())
    places += static_cast<int>(std::count(family.kernels.begin(), family.kernels.end(), kernel) *
                               std::count(family.files.begin(), family.files.end(), file));
  return places;
}

TEST(KernelFamilies, HaveEveryKernelOnce) {
  std::set<std::string> found;
  for (const std::string folder : {"kernels", "src"})
    for (const std::string& file : files_of(folder, {".cuh", ".cu"}))
      for (const std::string& kernel : kernels_in(text_of(fs::path(TAKT_SOURCE_DIR) / file))) {
        EXPECT_EQ(places_of(kernel, file), 1) << "kernel '" << kernel << "' of " << file;
        found.insert(kernel);
      }
  EXPECT_GE(found.size(), 10u);
  for (const KernelFamily& family : kernel_families())
    for (const std::string& kernel : family.kernels) EXPECT_TRUE(found.contains(kernel)) << kernel;
}

TEST(KernelFamilies, CanMissAKernel) {
  EXPECT_EQ(kernels_in("template <class T>\n__global__ void __launch_bounds__(f(1))\n    "
                       "new_kernel(const P p) {\n__global__ void unnamed(P p) {"),
            (std::vector<std::string>{"new_kernel", ""}));
  EXPECT_EQ(places_of("new_kernel", "kernels/step.cuh"), 0);
  EXPECT_EQ(places_of("", "kernels/step.cuh"), 0);
  EXPECT_EQ(places_of("step_forward_kernel", "kernels/rows.cuh"), 0);
}

TEST(KernelFamilies, HaveEveryWrapperOfPtxOnce) {
  std::map<std::string, int> places;
  for (const KernelFamily& family : kernel_families())
    for (const std::string& file : family.files) {
      EXPECT_TRUE(fs::exists(fs::path(TAKT_SOURCE_DIR) / file)) << file;
      ++places[file];
    }
  for (const std::string& file : files_of("kernels/ptx", {".cuh"}))
    EXPECT_EQ(places[file], 1) << file;
}

/// Tests of the devices' suites as a GPU names them, and the cases of takt_conformance.
std::vector<std::string> tests_on_a_gpu() {
  std::vector<std::string> names;
  const std::regex instance{R"re(INSTANTIATE_TEST_SUITE_P\(\s*(\w+),\s*(\w+))re"};
  const std::regex test{R"re(TEST_P\((\w+), (\w+)\))re"};
  for (const std::string folder : {"tests/devices", "tests/gpu"})
    for (const std::string& file : files_of(folder, {".cpp"})) {
      const std::string source = text_of(fs::path(TAKT_SOURCE_DIR) / file);
      std::map<std::string, std::string> prefixes;
      for (const std::smatch& match : matches_of(source, instance)) prefixes[match[2]] = match[1];
      for (const std::smatch& match : matches_of(source, test)) {
        const std::string name = prefixes[match[1]] + "/" + match[1].str() + "." + match[2].str();
        for (const std::string& cell : test::cell_names()) {
          if (folder == "tests/gpu") names.push_back(name + "/" + cell);
          for (const std::string type : {"f32", "tf32", "f64", "f16", "bf16"}) {
            if (folder == "tests/gpu") continue;
            const std::string instance_name = name + "/" + cell + "_" + type + "_cuda";
            // By steps there is no large layer.
            if (match[1] != "DeviceLargeLayers") names.push_back(instance_name);
            // Persistent kernels have no f64.
            if (source.find("devices_by_algorithm()") == std::string::npos || type == "f64")
              continue;
            names.push_back(instance_name + "_block");
            names.push_back(instance_name + "_cluster");
            names.push_back(instance_name + "_grid");
          }
        }
      }
    }
  const std::regex conformance{R"re(\{"([^"]+)",\s*(run_|\[\]))re"};
  for (const std::string& file : files_of("tests/simt/conformance", {".cuh"})) {
    const std::string source = text_of(fs::path(TAKT_SOURCE_DIR) / file);
    for (const std::smatch& match : matches_of(source, conformance))
      names.push_back("Conformance." + match[1].str());
  }
  return names;
}

TEST(KernelFamilies, NameTestsThatThereAre) {
  const std::vector<std::string> names = tests_on_a_gpu();
  EXPECT_GT(names.size(), 200u);
  std::set<std::string> exercising;
  for (const KernelFamily& family : kernel_families())
    for (const KernelRow& row : family.rows) {
      const std::regex form(row.tests);
      int found = 0;
      for (const std::string& name : names) {
        if (!std::regex_match(name, form)) continue;
        exercising.insert(name);
        ++found;
      }
      EXPECT_GT(found, 0) << row.kernel << " " << row.cell << " " << row.type;
    }
  for (const std::string& name : names) {
    // Captured, not run.
    if (std::regex_search(name, std::regex("AStepIsTwoNodes|AllStepsOfAPersistentKernel")))
      continue;
    EXPECT_TRUE(exercising.contains(name)) << name << " exercises nothing";
  }
}

/// Names that the scripts of ./run.sh gpu give takt_conformance.
TEST(KernelFamilies, KnowConformanceAsARunOnAGpuNamesIt) {
  const fs::path scripts = fs::path(TAKT_SOURCE_DIR) / "bench/gpu";
  const std::string stages = text_of(scripts / "stages.sh"),
                    record = text_of(scripts / "record.sh");
  const auto watched = matches_of(stages, std::regex{R"re(add_sanitized "\$tool" (\w+))re"});
  ASSERT_EQ(watched.size(), 1u);
  const auto listed = matches_of(record, std::regex{R"re("\\t(\w+\.)" name)re"});
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0][1], "Conformance.");
  int wrappers = 0;
  for (const KernelFamily& family : kernel_families())
    for (const KernelRow& row : family.rows) {
      const bool is_wrapper = row.kernel.starts_with("ptx/");
      EXPECT_EQ(std::regex_match(watched[0][1].str(), std::regex(row.tests)), is_wrapper)
          << row.kernel;
      wrappers += is_wrapper ? 1 : 0;
    }
  EXPECT_GE(wrappers, 10);
}

/// What a cell's and a type's row says must not come from another's test.
TEST(KernelFamilies, KeepCellsAndTypesApart) {
  const std::string test = "Devices/DeviceBits.AgainIsTheSame/";
  for (const KernelFamily& family : kernel_families())
    for (const KernelRow& row : family.rows) {
      if (row.cell == "all" || row.cell == "-") continue;
      const std::regex form(row.tests);
      const bool by_name = row.kernel.starts_with("persistent_");
      const std::string of_row = by_name ? "_cuda_cluster" : "_cuda";
      EXPECT_FALSE(std::regex_match(
          test + row.cell + "_" + row.type + (by_name ? "_cuda" : "_cuda_cluster"), form));
      for (const std::string& cell : test::cell_names())
        for (const std::string type : {"f32", "f64", "f16", "bf16"})
          EXPECT_EQ(std::regex_match(test + cell + "_" + type + of_row, form),
                    cell == row.cell && type == row.type);
      EXPECT_FALSE(std::regex_match(test + row.cell + "_" + row.type + "_cpu", form));
      EXPECT_FALSE(std::regex_match(test + row.cell + "_" + row.type + "_emulated_fifo", form));
    }
}

}  // namespace
}  // namespace takt::tool

#endif
