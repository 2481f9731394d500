// Made-up records of takt_microbench that have all constants.
#pragma once

#include <fstream>
#include <utility>

#include "tool/output.hpp"

namespace takt::test {

inline tool::Json limit_fixture() {
  std::ifstream file(TAKT_TEST_DATA_DIR "/limit/microbench.json");
  return tool::Json::parse(file);
}

/// The fixture with what it lacks: clusters of other sizes, products of other types.
inline tool::Json whole_limit_fixture() {
  tool::Json json = limit_fixture();
  json["device"]["compute_capability"] = "9.0";
  const tool::Json results = json["results"];
  for (const tool::Json& result : results)
    for (const int blocks : {2, 8, 16}) {
      tool::Json other = result;
      if (other["parameters"].value("blocks", tool::Json()) != 4) continue;
      other["parameters"]["blocks"] = blocks;
      json["results"].push_back(other);
    }
  for (const tool::Json& result : results)
    for (const char* type : {"f16", "tf32"}) {
      tool::Json other = result;
      if (other["name"] != "mma_rate") continue;
      other["parameters"]["type"] = type;
      json["results"].push_back(other);
    }
  return json;
}

/// The limit model's, with what the planner has of its own: the functions and exchanges of takt's
/// kernels, which are not the fastest that there are.
inline tool::Json planner_fixture() {
  tool::Json record = whole_limit_fixture();
  const auto add = [&record](const char* name, tool::Json parameters, const char* unit,
                             double median) {
    record["results"].push_back({{"name", name},
                                 {"parameters", std::move(parameters)},
                                 {"unit", unit},
                                 {"median", median},
                                 {"samples", {median}}});
  };
  add("function_latency", {{"function", "sigmoid by expf"}}, "cycles", 70);
  add("grid_exchange", {{"kind", "flags"}, {"blocks", 100}, {"bytes", 10}}, "ns", 2010);
  add("grid_exchange", {{"kind", "flags"}, {"blocks", 100}, {"bytes", 100}}, "ns", 2100);
  return record;
}

}  // namespace takt::test
