// f16 and bf16 on the host: every number there and back, every midpoint to even, and what is no
// number.
#include "half.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace takt {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

// Values that are known from the formats.
static_assert(to_f16(0) == 0 && to_f16(-0.0f) == 0x8000 && to_f16(1) == 0x3C00);
static_assert(to_f16(65504) == 0x7BFF && to_f16(65519.996f) == 0x7BFF && to_f16(65520) == 0x7C00);
static_assert(to_f16(0x1p-14f) == 0x0400 && to_f16(0x1p-24f) == 1 && to_f16(0x1p-25f) == 0);
static_assert(to_f16(0x1.000002p-25f) == 1 && to_f16(1e-30f) == 0 && to_f16(-1e-45f) == 0x8000);
static_assert(to_f16(1e30f) == 0x7C00 && to_f16(-infinity) == 0xFC00);
static_assert(from_f16(0x3555) == 0.333251953125f && from_f16(0x8001) == -0x1p-24f);
static_assert(to_bf16(1) == 0x3F80 && to_bf16(3.140625f) == 0x4049 && to_bf16(-0.0f) == 0x8000);
static_assert(to_bf16(std::numeric_limits<float>::max()) == 0x7F80);
static_assert(to_bf16(0x1p-133f) == 1 && to_bf16(0x1p-134f) == 0 && to_bf16(0x1.8p-134f) == 1);
static_assert(to_bf16(infinity) == 0x7F80 && from_bf16(0xFF80) == -infinity);

struct Format {
  const char* name;
  std::uint16_t (*narrow)(float);
  float (*widen)(std::uint16_t);
  std::uint16_t infinity;
};
constexpr Format formats[] = {{"f16", to_f16, from_f16, 0x7C00},
                              {"bf16", to_bf16, from_bf16, 0x7F80}};

class Half : public testing::TestWithParam<Format> {
 protected:
  std::uint16_t narrow(float value) const { return GetParam().narrow(value); }
  float widen(std::uint32_t bits) const {
    return GetParam().widen(static_cast<std::uint16_t>(bits));
  }
};

TEST_P(Half, EveryNumberComesBack) {
  for (const std::uint32_t sign : {0u, 0x8000u})
    for (std::uint32_t bits = 0; bits <= GetParam().infinity; ++bits) {
      ASSERT_EQ(narrow(widen(sign | bits)), sign | bits);
      ASSERT_EQ(std::signbit(widen(sign | bits)), sign != 0);
    }
}

TEST_P(Half, NumbersRise) {
  for (std::uint32_t bits = 0; bits < GetParam().infinity; ++bits)
    ASSERT_LT(widen(bits), widen(bits + 1)) << bits;
}

// Floats hold the midpoints of neighbours exactly.
TEST_P(Half, MidpointsGoToEvenAndTheirNeighboursToTheNearest) {
  for (std::uint32_t bits = 0; bits + 1 < GetParam().infinity; ++bits) {
    const float middle = widen(bits) + (widen(bits + 1) - widen(bits)) / 2;
    ASSERT_GT(middle, widen(bits));
    ASSERT_EQ(narrow(middle), bits + bits % 2) << bits;
    ASSERT_EQ(narrow(-middle), 0x8000 | (bits + bits % 2)) << bits;
    ASSERT_EQ(narrow(std::nextafter(middle, 0.0f)), bits) << bits;
    ASSERT_EQ(narrow(std::nextafter(middle, infinity)), bits + 1) << bits;
  }
}

TEST_P(Half, NanStaysNan) {
  for (std::uint32_t bits = GetParam().infinity + 1u; bits <= 0x7FFF; ++bits) {
    ASSERT_TRUE(std::isnan(widen(bits))) << bits;
    ASSERT_TRUE(std::isnan(widen(narrow(widen(bits))))) << bits;
  }
  // One whose payload lies only in bits that are cut off.
  EXPECT_TRUE(std::isnan(widen(narrow(std::bit_cast<float>(0x7F800001)))));
  EXPECT_TRUE(std::signbit(widen(narrow(std::bit_cast<float>(0xFF800001)))));
}

INSTANTIATE_TEST_SUITE_P(Types, Half, testing::ValuesIn(formats),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace takt
