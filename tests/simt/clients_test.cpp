// The clients without a mistake: right in every schedule, and nothing reported.
#include <gtest/gtest.h>

#include "clients/run.hpp"

namespace simt_clients {
namespace {

class Clients : public testing::TestWithParam<simt::Schedule> {
 protected:
  void SetUp() override { simt::set_schedule(GetParam()); }
};

TEST_P(Clients, PersistentWithGridSync) {
  for (const Problem& problem : {Problem(4, 3, 32, 8), Problem(1, 1, 8, 8), Problem(5, 4, 24, 3)})
    EXPECT_TRUE(run_grid(problem).right(problem));
}

TEST_P(Clients, PersistentWithFlags) {
  for (const Problem& problem : {Problem(4, 3, 32, 8), Problem(1, 1, 8, 8), Problem(5, 4, 24, 3)})
    EXPECT_TRUE(run_flags(problem).right(problem));
}

TEST_P(Clients, PersistentInACluster) {
  for (const Problem& problem :
       {Problem(6, 3, 32, 8), Problem(1, 1, 8, 8), Problem(5, 4, 24, 3), Problem(2, 2, 16, 8)})
    EXPECT_TRUE(run_cluster(problem).right(problem));
}

TEST_P(Clients, TileProduct) {
  EXPECT_EQ(run_tile(), 0);
}

INSTANTIATE_TEST_SUITE_P(Schedules, Clients, testing::ValuesIn(simt::kernel_schedules()),
                         simt::schedule_name);

/// The size for which the emulation's speed is stated.
TEST(ClientsAtSize, PersistentWithGridSync) {
  const Problem problem(8, 4, 128, 8);
  EXPECT_EQ(problem.blocks(), 16);
  EXPECT_TRUE(run_grid(problem).right(problem));
}

TEST(ClientsBits, AreTheSameInEverySchedule) {
  const Problem problem(4, 3, 32, 8);
  const std::vector<float> first = run_grid(problem).y;
  for (const simt::Schedule& schedule : simt::kernel_schedules()) {
    simt::set_schedule(schedule);
    EXPECT_EQ(run_grid(problem).y, first);
    EXPECT_EQ(run_flags(problem).y, first);
    EXPECT_EQ(run_cluster(problem).y, first);
  }
}

}  // namespace
}  // namespace simt_clients
