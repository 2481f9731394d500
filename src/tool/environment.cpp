// What the tool must not inherit.
#include "tool/environment.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <vector>

#include "tool/failure.hpp"

namespace takt::tool {

void leave_benchmark_variables(char** arguments) {
  std::vector<std::string> names;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view variable = *entry;
    if (const auto end = variable.find('=');
        variable.starts_with("BENCHMARK_") && end != std::string_view::npos)
      names.emplace_back(variable.substr(0, end));
  }
  if (names.empty()) return;
  for (const std::string& name : names) unsetenv(name.c_str());
  execv("/proc/self/exe", arguments);
  throw UsageError(names.front() + " is set, and Google Benchmark obeys it; it must be unset");
}

}  // namespace takt::tool
