// The planner's constants as source, from records. Those of tests/limit are made up.
#if defined(TAKT_BENCH) && defined(TAKT_TOOL)

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "limit_fixture.hpp"
#include "tool/planner_model.hpp"
#include "tool_run.hpp"

namespace takt {
namespace {

using test::Folder;
using tool::Json;
using tool::read_limit_records;

std::string fixture_source() {
  std::ifstream file(TAKT_TEST_DATA_DIR "/limit/measured_models.inc");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string source_of(const std::vector<Json>& records) {
  const Folder folder;
  for (std::size_t n = 0; n < records.size(); ++n)
    folder.write(std::string(1, static_cast<char>('a' + n)) + ".json", records[n].dump());
  return tool::measured_models_text(read_limit_records(folder.path()), folder.path());
}

void remove(Json& record, const std::string& name) {
  Json& results = record["results"];
  for (std::size_t n = results.size(); n > 0; --n)
    if (results[n - 1]["name"] == name) results.erase(n - 1);
}

// What planner_model_test.cpp compiles.
TEST(MeasuredModels, AreWrittenAsTheSourceHasThem) {
  EXPECT_EQ(source_of({test::planner_fixture()}), fixture_source());
}

TEST(MeasuredModels, AreOfTheOldestRecordThatHasAll) {
  Json older = test::planner_fixture(), newer = test::planner_fixture();
  older["date"] = "2001-01-01T00:00:00Z";
  newer["date"] = "2001-01-03T00:00:00Z";
  newer["results"][0]["median"] = 1234.0;
  remove(older, "mma_rate");  // though it is complete
  EXPECT_EQ(source_of({test::planner_fixture(), newer, older}), fixture_source());
  EXPECT_NE(source_of({newer, older}), fixture_source());
}

TEST(MeasuredModels, SayWhatADeviceLacks) {
  Json record = test::planner_fixture();
  remove(record, "sm_clock");
  remove(record, "mma_rate");
  const std::string source = fixture_source();
  EXPECT_EQ(source_of({record}),
            source.substr(0, source.find('{')) +
                "// Of Fixture GPU none: a.json, commit f1f1f1f, 2001-01-02T00:00:00Z lacks "
                "sm_clock, mma_rate type=f16, mma_rate type=bf16, mma_rate type=tf32.\n");
}

TEST(MeasuredModels, NeedNoClustersWhereThereAreNone) {
  Json record = test::planner_fixture();
  remove(record, "cluster_exchange");
  remove(record, "max_active_clusters");
  EXPECT_NE(source_of({record}).find("lacks cluster_exchange"), std::string::npos);
  record["device"]["compute_capability"] = "8.0";
  EXPECT_NE(source_of({record}).find(".clusters = {{{{0, 0}, 0}"), std::string::npos)
      << source_of({record});
}

}  // namespace
}  // namespace takt

#endif
