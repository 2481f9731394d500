// Which record the limit model's constants come from. That in tests/limit is made up.
#if defined(TAKT_BENCH) && defined(TAKT_TOOL)

#include <gtest/gtest.h>

#include "facts.hpp"
#include "limit_fixture.hpp"
#include "tool/prediction.hpp"
#include "tool_run.hpp"

namespace {

using takt::test::Folder;
using takt::test::whole_limit_fixture;
using takt::tool::frozen_constants;
using takt::tool::Json;
using takt::tool::read_limit_records;

// A run of the micro benchmarks may be cut short behind what the model needs.
TEST(FrozenConstants, MayBeOfARunThatWasCutShortBehindThem) {
  const takt::DeviceFacts gpu{.kind = takt::DeviceKind::cuda, .name = "Fixture GPU"};
  const auto is_taken = [&](Json record) {
    const Folder folder;
    record["complete"] = false;
    folder.write("a.json", record.dump());
    return frozen_constants(read_limit_records(folder.path()), gpu).has_value();
  };
  const Json whole = whole_limit_fixture();
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
