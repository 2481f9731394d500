// docs/hardware.md.
#include "tool/report_hardware.hpp"

#include <algorithm>
#include <regex>

#include "tool/kernel_families.hpp"
#include "tool/markdown.hpp"
#include "tool/text.hpp"

namespace takt::tool {
namespace {

const char* const head = R"(# What has run on hardware

Kernel by kernel, from the recorded runs of `./run.sh gpu`: the last run in which a test that
exercises the kernel ran, how many of these tests passed, and whether compute-sanitizer watched some
of them in that run. Runs on the emulated device do not count. `takt report` writes this page;
`takt report --check` tells where it is not what the records say.
)";

/// Of the tests that exercise a kernel, those that ran.
struct Tally {
  int passed = 0;
  std::vector<std::string> failed;

  Tally(const std::vector<Verdict>& verdicts, const std::regex& tests) {
    for (const Verdict& each : verdicts) {
      if (!std::regex_match(each.name, tests)) continue;
      if (each.verdict == "passed") ++passed;
      if (each.verdict == "failed") failed.push_back(each.name);
    }
  }
  int ran() const { return passed + static_cast<int>(failed.size()); }

  /// "12 of 12", "11 of 12; failed: NAME and 2 more".
  std::string text() const {
    std::string text = std::to_string(passed) + " of " + std::to_string(ran());
    if (failed.empty()) return text;
    text += "; **failed**: " + markdown_code(failed.front());
    return failed.size() == 1 ? text : text + " and " + std::to_string(failed.size() - 1) + " more";
  }
};

std::vector<const GpuRun*> newest_first(const Records& records) {
  std::vector<const GpuRun*> runs;
  for (const GpuRun& run : records.gpu) runs.push_back(&run);
  std::stable_sort(runs.begin(), runs.end(), [](const GpuRun* a, const GpuRun* b) {
    return a->origin.date > b->origin.date;
  });
  return runs;
}

std::string sanitized(const std::vector<Verdict>& verdicts, const std::regex& tests) {
  const Tally tally(verdicts, tests);
  return tally.ran() == 0 ? "no" : tally.text();
}

std::vector<std::string> cells_of(const KernelRow& row, const std::vector<const GpuRun*>& runs) {
  const std::regex tests(row.tests);
  for (const GpuRun* run : runs) {
    const Tally tally(run->tests, tests);
    if (tally.ran() == 0) continue;
    const Origin& origin = run->origin;
    return {"`" + row.kernel + "`",
            row.cell,
            row.type,
            origin.date.substr(0, 10) + (origin.complete ? "" : ", cut short"),
            markdown_text(origin.device),
            markdown_text(origin.commit),
            tally.text(),
            sanitized(run->memcheck, tests),
            sanitized(run->racecheck, tests)};
  }
  return {"`" + row.kernel + "`", row.cell, row.type, "never run on hardware", "", "", "", "", ""};
}

std::string section(const KernelFamily& family, const std::vector<const GpuRun*>& runs) {
  MarkdownTable table({"<kernel", "<cell", "<type", "<last run", "<device", "<commit",
                       "<tests passed", "<memcheck", "<racecheck"});
  for (const KernelRow& row : family.rows) table.add(cells_of(row, runs));
  std::string files;
  for (const std::string& file : family.files)
    files += (files.empty() ? "" : ", ") + std::string("[") + file + "](../" + file + ")";
  return "\n## " + family.name + "\n\n" + files + "\n\n" + table.text();
}

}  // namespace

std::string hardware_page(const Records& records) {
  const std::vector<const GpuRun*> runs = newest_first(records);
  std::string text = head;
  if (runs.empty()) text += "\nNo run on a GPU is recorded.\n";
  for (const GpuRun* run : runs)
    text += std::string(run == runs.front() ? "\n" : "") + "- " + markdown_code(run->origin.file) +
            ": " + markdown_text(run->origin.device + ", commit " + run->origin.commit) + ", " +
            run->origin.date.substr(0, 10) + (run->origin.complete ? "" : ", **cut short**") + "\n";
  for (const KernelFamily& family : kernel_families()) text += section(family, runs);
  return text;
}

}  // namespace takt::tool
