// What identifies the processors of a machine.
#include "cpu/processor_name.hpp"

#include <fstream>
#include <string_view>
#include <utility>

namespace takt::cpu {
namespace {

constexpr std::string_view blanks = " \t";

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// Fields beside the name, and the words for them: of x86, then of Arm.
constexpr std::pair<std::string_view, std::string_view> numbers[] = {
    {"cpu family", "family"},           {"model", "model"},   {"stepping", "stepping"},
    {"CPU implementer", "implementer"}, {"CPU part", "part"}, {"CPU variant", "variant"},
    {"CPU revision", "revision"}};

}  // namespace

std::string processor_name(std::istream& cpuinfo) {
  std::string name = "unknown processor";
  std::string found[std::size(numbers)];
  for (std::string line; std::getline(cpuinfo, line) && !trimmed(line).empty();) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::string field = trimmed(line.substr(0, colon)),
                      value = trimmed(line.substr(colon + 1));
    if (field == "model name" && !value.empty()) name = value;
    for (std::size_t n = 0; n < std::size(numbers); ++n)
      if (field == numbers[n].first) found[n] = value;
  }
  std::string all;
  for (std::size_t n = 0; n < std::size(numbers); ++n)
    if (!found[n].empty())
      all += (all.empty() ? "" : ", ") + std::string(numbers[n].second) + " " + found[n];
  return all.empty() ? name : name + " (" + all + ")";
}

std::string processor_name() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  return processor_name(cpuinfo);
}

}  // namespace takt::cpu
