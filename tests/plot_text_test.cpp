// Words of gnuplot scripts: what a record says stays text.
#ifdef TAKT_BENCH

#include <gtest/gtest.h>

#include "plot_text.hpp"

namespace {

using takt::bench::quoted;

TEST(PlotText, QuotesWhatWouldEndAString) {
  EXPECT_EQ(quoted("lstm, forward"), "'lstm, forward'");
  EXPECT_EQ(quoted("it's `x` \"y\""), "'it''s `x` \"y\"'");
  EXPECT_EQ(quoted("X\nsystem \"touch f\"\n#"), "'X system \"touch f\" #'");
  EXPECT_EQ(quoted("a\rb\tc\x7f"), "'a b c '");
  EXPECT_EQ(quoted("µs"), "'µs'");
}

}  // namespace

#endif
