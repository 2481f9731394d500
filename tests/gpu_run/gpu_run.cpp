// Runs ./run.sh gpu on programs that a test chooses, and reads its record.
#include "gpu_run/gpu_run.hpp"

#include <filesystem>
#include <stdexcept>

namespace takt::test {
namespace {

namespace fs = std::filesystem;

}  // namespace

Programs::Programs() {
  const fs::path emulated = TAKT_EMULATED_PROGRAMS;
  fs::create_symlink(emulated / "takt_emulated_tool", *this / "takt");
  fs::create_symlink(emulated / "takt_emulated_conformance", *this / "takt_conformance");
  fs::create_symlink(TAKT_SAMPLE_TESTS, *this / "takt_tests");
}

void Programs::script(const std::string& name, const std::string& commands) const {
  fs::remove(*this / name);
  write(name, "#!/bin/bash\n" + commands + "\n");
  fs::permissions(*this / name, fs::perms::owner_all | fs::perms::others_exec);
}

QuickPrograms::QuickPrograms() {
  script("takt_conformance", "echo 'to_tf32: ok'");
  script_takt("");
}

void QuickPrograms::script_takt(const std::string& cases) const {
  script("takt", "case \"$*\" in\nexplain*) exec " TAKT_EMULATED_PROGRAMS
                 "/takt_emulated_tool \"$@\" ;;\n" +
                     cases + R"(
esac
while [[ $1 != --json ]]; do shift; done
echo '{"record": "bench"}' >"$2")");
}

ToolRun gpu_run(const Programs& programs, const Folder& folder,
                const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {"gpu", "--prebuilt", programs.path(), "--out", "run"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return {.arguments = arguments, .folder = folder.path()};
}

json record_of(const Folder& folder) {
  return json::parse(folder.read("run/run.json"));
}

std::map<std::string, std::string> verdicts(const json& list) {
  std::map<std::string, std::string> verdicts;
  for (const json& each : list) verdicts[each["name"]] = each["verdict"];
  return verdicts;
}

json stage(const json& record, const std::string& name) {
  for (const json& each : record["stages"])
    if (each["name"] == name) return each;
  throw std::runtime_error("no stage " + name + " in " + record.dump(1));
}

std::size_t count_of(const std::string& part, const std::string& text) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

}  // namespace takt::test
