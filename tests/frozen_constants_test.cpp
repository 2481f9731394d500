// Which record the limit model's constants come from. That in tests/limit is made up.
#if defined(TAKT_BENCH) && defined(TAKT_TOOL)

#include <gtest/gtest.h>

#include <fstream>

#include "facts.hpp"
#include "tool/prediction.hpp"
#include "tool_run.hpp"

namespace {

using takt::test::Folder;
using takt::tool::frozen_constants;
using takt::tool::Json;
using takt::tool::read_limit_records;

Json fixture() {
  std::ifstream file(TAKT_TEST_DATA_DIR "/limit/microbench.json");
  return Json::parse(file);
}

/// The fixture with what it lacks: clusters of other sizes, products of other types.
Json whole_constants() {
  Json json = fixture();
  json["device"]["compute_capability"] = "9.0";
  const Json results = json["results"];
  for (const Json& result : results)
    for (const int blocks : {2, 8, 16}) {
      Json other = result;
      if (other["parameters"].value("blocks", Json()) != 4) continue;
      other["parameters"]["blocks"] = blocks;
      json["results"].push_back(other);
    }
  for (const Json& result : results)
    for (const char* type : {"f16", "tf32"}) {
      Json other = result;
      if (other["name"] != "mma_rate") continue;
      other["parameters"]["type"] = type;
      json["results"].push_back(other);
    }
  return json;
}

// A run of the micro benchmarks may be cut short behind what the model needs.
TEST(FrozenConstants, MayBeOfARunThatWasCutShortBehindThem) {
  const takt::DeviceFacts gpu{.kind = takt::DeviceKind::cuda, .name = "Fixture GPU"};
  const auto is_taken = [&](Json record) {
    const Folder folder;
    record["complete"] = false;
    folder.write("a.json", record.dump());
    return frozen_constants(read_limit_records(folder.path()), gpu).has_value();
  };
  const Json whole = whole_constants();
  EXPECT_TRUE(is_taken(whole));
  for (std::size_t n = 0; n < whole["results"].size(); ++n) {
    // Of each name with the same blocks and type the others go, too.
    const Json gone = whole["results"][n];
    Json record = whole;
    record["results"] = Json::array();
    for (const Json& result : whole["results"]) {
      const bool alike =
          result["name"] == gone["name"] &&
          result["parameters"].value("blocks", Json()) ==
              gone["parameters"].value("blocks", Json()) &&
          result["parameters"].value("type", Json()) == gone["parameters"].value("type", Json());
      if (!alike) record["results"].push_back(result);
    }
    const bool needless = gone["name"] == "graph_node_gap" && gone["parameters"]["blocks"] == 1;
    EXPECT_EQ(is_taken(record), needless) << gone;
  }
}

}  // namespace

#endif
