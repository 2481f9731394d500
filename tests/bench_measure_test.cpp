// Measurements in which a contestant's call throws.
#ifdef TAKT_BENCH

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "device_clock.hpp"
#include "measure.hpp"

namespace {

using takt::bench::Contestant;
using takt::bench::ContestantFailure;
using takt::bench::measure;

/// Calls take as long as it says.
class SteadyClock : public takt::bench::DeviceClock {
 public:
  double seconds(const std::function<void()>& enqueue) override {
    enqueue();
    return 1e-3;
  }
};

/// Throws in its call number `at`, from 1.
Contestant failing(const std::string& name, int& calls, int at) {
  return {name, [&calls, at] {
            if (++calls == at) throw std::runtime_error("call " + std::to_string(at));
          }};
}

/// Which contestant failed, and of what; empty where none did.
std::optional<std::pair<std::size_t, std::string>> failure_of(
    const std::vector<Contestant>& contestants, takt::bench::DeviceClock* clock) {
  try {
    measure(contestants, 0.001, 30, clock);
    return std::nullopt;
  } catch (const ContestantFailure& failure) {
    try {
      std::rethrow_exception(failure.why);
    } catch (const std::runtime_error& error) {
      return std::pair(failure.contestant, std::string(error.what()));
    }
  }
}

using Failed = std::optional<std::pair<std::size_t, std::string>>;

/// Whenever it throws: at first, between repetitions that have times, and at last.
TEST(BenchMeasure, TellsWhichCallThrew) {
  SteadyClock steady;
  for (takt::bench::DeviceClock* clock : {static_cast<takt::bench::DeviceClock*>(&steady),
                                          static_cast<takt::bench::DeviceClock*>(nullptr)}) {
    int all = 0;
    EXPECT_EQ(failure_of({failing("alone", all, 0)}, clock), std::nullopt);
    ASSERT_GE(all, 30);
    for (const int at : {1, 2, all / 2}) {
      int calls = 0;
      EXPECT_EQ(failure_of({failing("alone", calls, at)}, clock),
                Failed({0, "call " + std::to_string(at)}));
      EXPECT_EQ(calls, at);  // none behind it
    }
  }
}

TEST(BenchMeasure, TellsWhichOfSeveralThrew) {
  SteadyClock steady;
  int all = 0, other = 0;
  EXPECT_EQ(failure_of({failing("first", other, 0), failing("second", all, 0)}, &steady),
            std::nullopt);
  for (const int at : {1, 2, all / 2, all}) {
    int calls = 0;
    EXPECT_EQ(failure_of({failing("first", other, 0), failing("second", calls, at)}, &steady),
              Failed({1, "call " + std::to_string(at)}));
  }
}

/// What failed leaves nothing behind.
TEST(BenchMeasure, GoesOnWithoutIt) {
  for (int again = 0; again < 2; ++again) {
    int calls = 0, other = 0;
    EXPECT_TRUE(failure_of({failing("a", other, 0), failing("b", calls, 3)}, nullptr));
    SteadyClock steady;
    const auto timings = measure({failing("a", other, 0)}, 0.001, 30, &steady);
    ASSERT_EQ(timings.size(), 1u);
    EXPECT_EQ(timings[0].samples.size(), 30u);
  }
}

}  // namespace

#endif
