// ./run.sh gpu --prepare: a folder that runs where nothing can be built.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>

#include "gpu_run/gpu_run.hpp"

namespace takt::test {
namespace {

namespace fs = std::filesystem;

ToolResult prepare(const Programs& programs, const Folder& folder) {
  return run_tool(
      ToolRun{.arguments = {"gpu", "--prebuilt", programs.path(), "--prepare", "package"},
              .folder = folder.path()});
}

TEST(GpuRunPrepares, WhatRunsByItself) {
  const Folder folder, elsewhere;
  const QuickPrograms programs;
  const ToolResult prepared = prepare(programs, folder);
  ASSERT_EQ(prepared.exit_code, 0) << prepared.out << prepared.err;
  // It can be moved.
  fs::rename(folder / "package", elsewhere / "moved");
  EXPECT_FALSE(fs::is_symlink(elsewhere / "moved/bin/takt_tests"));
  ToolRun run{.arguments = {"gpu", "--out", "run", "--seconds", "60"},
              .folder = elsewhere.path(),
              .program = elsewhere / "moved/run.sh"};
  const ToolResult result = run_tool(run);
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  const json record = record_of(elsewhere);
  EXPECT_EQ(record["complete"], true);
  // Tests that need the tree are not asked for.
  EXPECT_EQ(verdicts(record["tests"]).count("Readme.IsThere"), 0u);
  EXPECT_EQ(verdicts(record["tests"])["OnTheHost.Passes"], "passed");
}

TEST(GpuRunPrepares, ListsThatAreMeasuredOneByOne) {
  const Folder folder;
  const QuickPrograms programs;
  ASSERT_EQ(prepare(programs, folder).exit_code, 0);
  const fs::path script = folder / "package/bench/gpu/main.sh";
  std::string text = folder.read("package/bench/gpu/main.sh");
  text = std::regex_replace(text, std::regex(R"(\nshape_lists=\([^)]*\)\n)"),
                            "\nshape_lists=(smoke scaling)\n");
  std::ofstream(script) << text;
  const ToolRun run{.arguments = {"gpu", "--out", "run"},
                    .folder = folder.path(),
                    .program = folder / "package/run.sh"};
  EXPECT_EQ(run_tool(run).exit_code, 0);
  const json record = record_of(folder);
  EXPECT_EQ(stage(record, "bench-smoke")["verdict"], "passed");
  EXPECT_EQ(stage(record, "bench-scaling")["verdict"], "passed");
  EXPECT_TRUE(fs::exists(folder / "run/bench-scaling.json"));

  fs::remove_all(folder / "run");
  fs::remove(folder / "package/bench/shapes/scaling.txt");
  const ToolResult missing = run_tool(run);
  EXPECT_EQ(missing.exit_code, failed);
  EXPECT_EQ(missing.err, "gpu: there is no list bench/shapes/scaling.txt\n");
  EXPECT_FALSE(fs::exists(folder / "run"));
}

TEST(GpuRunPrepares, LibrariesThatAMachineWithCudaNeedNotHave) {
  const Folder folder;
  const Programs programs;
  const auto libraries = [&](const std::string& listing) {
    const Folder other;
    ToolRun run{.arguments = {"gpu", "--prebuilt", programs.path(), "--prepare", "package"},
                .folder = other.path()};
    programs.script("ldd", "cat <<'TEXT'\n" + listing + "\nTEXT");
    run.environment["PATH"] = programs.path().string() + ":" + std::getenv("PATH");
    ToolResult result = run_tool(run);
    for (const auto& entry : fs::directory_iterator(other / "package/lib"))
      result.out += "\nin lib: " + entry.path().filename().string();
    return result;
  };
  const ToolResult good = libraries(
      "\tlinux-vdso.so.1 (0x1)\n\tlibtakt.so.0.1 => " + (programs / "takt_tests").string() +
      " (0x2)\n\t/lib64/ld-linux-x86-64.so.2 (0x4)\n\tlibcudart.so.13 => not found\n\tlibc.so.6 => "
      "/lib/libc.so.6 (0x3)");
  EXPECT_EQ(good.exit_code, 0) << good.out << good.err;
  EXPECT_EQ(count_of("in lib: ", good.out), 1u) << good.out;
  EXPECT_NE(good.out.find("in lib: libtakt.so.0.1"), std::string::npos) << good.out;
  EXPECT_NE(good.out.find("needed there: libc.so.6 libcudart.so.13\n"), std::string::npos)
      << good.out;
  const ToolResult bad = libraries("\tlibother.so.1 => not found");
  EXPECT_EQ(bad.exit_code, failed);
  EXPECT_NE(bad.err.find("gpu: takt needs libother.so.1, which is not here\n"), std::string::npos)
      << bad.err;
}

}  // namespace
}  // namespace takt::test
