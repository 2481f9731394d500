// What this program was made from.
#include "tool/build.hpp"

#include <cstdlib>
#include <ctime>
#include <sstream>
#include <thread>

#include <takt/version.hpp>

namespace takt::tool {
namespace {

std::string now() {
  const std::time_t time = std::time(nullptr);
  char text[sizeof "2000-01-01T00:00:00Z"];
  std::tm utc{};
  std::strftime(text, sizeof text, "%FT%TZ", gmtime_r(&time, &utc));
  return text;
}

}  // namespace

std::string compiler() {
#if defined(__clang__)
  return __VERSION__;
#elif defined(__GNUC__)
  return "GCC " __VERSION__;
#else
  return "unknown";
#endif
}

std::vector<std::string> built_levels() {
  std::vector<std::string> levels;
  std::istringstream words(TAKT_BUILT_LEVELS);
  for (std::string word; words >> word;)
    levels.push_back(word == "generic" ? word : "x86-64-" + word);
  return levels;
}

Load machine_load() {
  double average = 0;
  if (getloadavg(&average, 1) != 1) average = 0;
  return {average, static_cast<int>(std::thread::hardware_concurrency())};
}

Json provenance(const std::string& command) {
  Json json{{"command", command}, {"version", version()}};
  json["commit"] = *commit == '\0' ? Json() : Json(commit);
  json["date"] = now();
  json["compiler"] = compiler();
  return json;
}

}  // namespace takt::tool
