// What holds bit for bit, on every device, for every cell.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>

#include "cell_names.hpp"
#include "devices/program.hpp"
#include "devices/test_devices.hpp"

namespace takt::test {
namespace {

/// Products W x are exact here (see Program), so that the recurrence alone is compared.
class DeviceBits : public testing::TestWithParam<std::tuple<std::string, DataType, TestDevice>> {
 protected:
  void SetUp() override {
    if (std::get<2>(GetParam()).algorithm == "cluster" && !has_clusters(device))
      GTEST_SKIP() << "the device has no clusters of blocks";
  }

  static constexpr std::int64_t T = 7, B = 5, I = 3;
  static const std::string& cell() { return std::get<0>(GetParam()); }
  static DataType type() { return std::get<1>(GetParam()); }
  // Rows of whole vectors in 16 bits, and rows of none in f32.
  static std::int64_t H() { return type() == DataType::f32 ? 21 : 24; }

  const Device device = std::get<2>(GetParam()).open();
  Program whole = [] {
    Program program{cell(), type(), {T, B, I, H()}};
    program.algorithm = std::get<2>(GetParam()).algorithm;
    return program;
  }();
};

/// The cpu has no 16-bit types.
std::vector<std::tuple<std::string, DataType, TestDevice>> instances() {
  std::vector<std::tuple<std::string, DataType, TestDevice>> all;
  for (const TestDevice& device : devices_by_algorithm())
    for (const std::string& cell : cell_names())
      for (const DataType type : {DataType::f32, DataType::f16, DataType::bf16})
        if (type == DataType::f32 || device.name != "cpu") all.emplace_back(cell, type, device);
  return all;
}

INSTANTIATE_TEST_SUITE_P(Devices, DeviceBits, testing::ValuesIn(instances()), [](const auto& info) {
  return std::get<0>(info.param) + "_" + std::string(to_string(std::get<1>(info.param))) + "_" +
         std::get<2>(info.param).name;
});

TEST_P(DeviceBits, AgainIsTheSame) {
  EXPECT_EQ(whole.forward(device, Mode::training), whole.forward(device, Mode::training));
  EXPECT_EQ(whole.backward(device), whole.backward(device));
}

TEST_P(DeviceBits, InferenceIsTraining) {
  EXPECT_EQ(whole.forward(device, Mode::inference), whole.forward(device, Mode::training));
}

TEST_P(DeviceBits, PartsThatCarryTheStatesAreTheWhole) {
  const Results expected = whole.forward(device, Mode::inference);
  for (const std::vector<std::int64_t>& parts :
       {std::vector<std::int64_t>(T, 1), std::vector<std::int64_t>{3, 4}}) {
    const Results found = whole.forward_in_parts(device, parts);
    EXPECT_EQ(found.y, expected.y);
    EXPECT_EQ(found.hT, expected.hT);
    EXPECT_EQ(found.cT, expected.cT);
  }
}

TEST_P(DeviceBits, ReverseIsForwardOnFlippedTime) {
  const std::int64_t H = whole.shape.H;
  Program flipped = whole;
  for (std::int64_t t = 0; t < T; ++t)
    std::copy_n(whole.x.begin() + t * B * I, B * I, flipped.x.begin() + (T - 1 - t) * B * I);
  flipped.direction = Direction::reverse;
  const Results expected = whole.forward(device, Mode::inference);
  const Results found = flipped.forward(device, Mode::inference);
  EXPECT_EQ(found.hT, expected.hT);
  for (std::int64_t t = 0; t < T; ++t)
    EXPECT_TRUE(std::equal(found.y.begin() + t * B * H, found.y.begin() + (t + 1) * B * H,
                           expected.y.begin() + (T - 1 - t) * B * H))
        << t;
}

TEST_P(DeviceBits, LengthsOfTStandForNone) {
  Program ragged = whole;
  ragged.lengths.assign(static_cast<std::size_t>(B), static_cast<std::int32_t>(T));
  EXPECT_EQ(ragged.forward(device, Mode::training), whole.forward(device, Mode::training));
  EXPECT_EQ(ragged.backward(device), whole.backward(device));
}

TEST_P(DeviceBits, ResetAtTheFirstStepStandsForNullStates) {
  Program null = whole;
  null.h0.clear();
  null.c0.clear();
  Program reset = whole;
  reset.resets.assign(static_cast<std::size_t>(T * B), 0);
  std::fill_n(reset.resets.begin(), B, std::uint8_t{1});
  EXPECT_EQ(reset.forward(device, Mode::inference), null.forward(device, Mode::inference));
}

TEST_P(DeviceBits, NanAndInfStayInTheirRow) {
  const std::int64_t H = whole.shape.H;
  const Results expected = whole.forward(device, Mode::inference);
  Program spoiled = whole;
  spoiled.x[1 * I] = std::numeric_limits<float>::quiet_NaN();       // t 0, b 1
  spoiled.x[(B + 3) * I] = std::numeric_limits<float>::infinity();  // t 1, b 3
  const Results found = spoiled.forward(device, Mode::inference);
  EXPECT_TRUE(std::isnan(found.y[static_cast<std::size_t>(1 * H)]));
  for (std::int64_t b = 0; b < B; ++b) {
    if (b == 1 || b == 3) continue;
    for (std::int64_t t = 0; t < T; ++t)
      EXPECT_TRUE(std::equal(found.y.begin() + (t * B + b) * H,
                             found.y.begin() + (t * B + b + 1) * H,
                             expected.y.begin() + (t * B + b) * H))
          << t << " " << b;
  }
}

TEST_P(DeviceBits, NanStaysInItsRowBackward) {
  const std::int64_t H = whole.shape.H;
  const ProgramGradients expected = whole.backward(device);
  Program spoiled = whole;
  spoiled.x[1 * I] = std::numeric_limits<float>::quiet_NaN();  // t 0, b 1
  const ProgramGradients found = spoiled.backward(device);
  const auto expect_same = [&](int part, std::int64_t row, std::int64_t width) {
    const std::vector<float>&of_found = found.part(part), &of_expected = expected.part(part);
    EXPECT_TRUE(std::equal(of_found.begin() + row * width, of_found.begin() + (row + 1) * width,
                           of_expected.begin() + row * width))
        << ProgramGradients::names[part] << " " << row;
  };
  for (std::int64_t b = 0; b < B; ++b) {
    if (b == 1) continue;
    for (std::int64_t t = 0; t < T; ++t) expect_same(0, t * B + b, I);
    expect_same(1, b, H);
  }
}

TEST_P(DeviceBits, GradientsDoNotDependOnWhatElseIsAsked) {
  const ProgramGradients all = whole.backward(device);
  for (int part = 0; part < ProgramGradients::parts; ++part) {
    const ProgramGradients one = whole.backward(device, 1U << part);
    EXPECT_EQ(one.part(part), all.part(part)) << ProgramGradients::names[part];
  }
}

TEST_P(DeviceBits, FillIsWhatPaddingHolds) {
  const std::int64_t H = whole.shape.H;
  Program ragged = whole;
  ragged.fill = -3;
  ragged.lengths = {7, 0, 3, 6, 1};
  const Results found = ragged.forward(device, Mode::inference);
  for (std::int64_t b = 0; b < B; ++b)
    for (std::int64_t t = ragged.lengths[static_cast<std::size_t>(b)]; t < T; ++t)
      for (std::int64_t j = 0; j < H; ++j) {
        const auto at = static_cast<std::size_t>((t * B + b) * H + j);
        EXPECT_EQ(found.y[at], -3);
        if (whole.C > 0) {
          EXPECT_EQ(found.c_all[at], -3);
        }
      }
}

}  // namespace
}  // namespace takt::test
