// How the takt command writes numbers and tables.
#ifdef TAKT_TOOL

#include <gtest/gtest.h>

#include <limits>

#include "escape.hpp"
#include "tool/text.hpp"

namespace {

using takt::tool::Table;

constexpr double nan = std::numeric_limits<double>::quiet_NaN(),
                 infinity = std::numeric_limits<double>::infinity();

TEST(ToolText, GivesTimesThreeDigits) {
  EXPECT_EQ(takt::tool::with_time_unit(0), "0.00 us");
  EXPECT_EQ(takt::tool::with_time_unit(1.234e-6), "1.23 us");
  EXPECT_EQ(takt::tool::with_time_unit(9.996e-6), "10.0 us");
  EXPECT_EQ(takt::tool::with_time_unit(99.96e-6), "100 us");
  EXPECT_EQ(takt::tool::with_time_unit(999.4e-6), "999 us");
  EXPECT_EQ(takt::tool::with_time_unit(999.6e-6), "1.00 ms");
  EXPECT_EQ(takt::tool::with_time_unit(45.6), "45.6 s");
  EXPECT_EQ(takt::tool::with_time_unit(12345), "12345 s");
}

TEST(ToolText, CountsBytesIn1024s) {
  EXPECT_EQ(takt::tool::with_byte_unit(512), "0.50 KiB");
  EXPECT_EQ(takt::tool::with_byte_unit(1536. * 1024 * 1024), "1.50 GiB");
  EXPECT_EQ(takt::tool::with_byte_unit(1024. * 1024), "1.00 MiB");
}

TEST(ToolText, CountsThingsIn1000s) {
  EXPECT_EQ(takt::tool::with_prefix(12), "12.0");
  EXPECT_EQ(takt::tool::with_prefix(3.12e6), "3.12 M");
}

TEST(ToolText, GivesANanNoSign) {
  EXPECT_EQ(takt::tool::error_text(0), "0");
  EXPECT_EQ(takt::tool::error_text(1.19e-7), "1.19e-07");
  for (const double number : {nan, -nan}) {
    EXPECT_EQ(takt::tool::error_text(number), "nan");
    EXPECT_EQ(takt::tool::percent(number), "nan");
  }
  EXPECT_EQ(takt::tool::percent(infinity), "inf");
  EXPECT_EQ(takt::tool::percent(0.61), "61 %");
  EXPECT_EQ(takt::tool::percent(1200), "1.2e+03 x");
}

TEST(ToolText, LinesColumnsUp) {
  Table table({{"name", 0, true}, {"n", 3}});
  table.widen({"longer", "4"});
  EXPECT_EQ(table.header(), "name      n");
  EXPECT_EQ(table.row({"a", "12345"}), "a       12345");
  EXPECT_EQ(table.row({"longer", ""}), "longer");
}

TEST(ToolText, ShowsControlCharacters) {
  using namespace std::string_view_literals;
  EXPECT_EQ(takt::bench::escaped("a\0\x1b\n\x7f\xc3\xa9 b"sv), "a\\x00\\x1b\\x0a\\x7f\xc3\xa9 b");
}

}  // namespace

#endif
