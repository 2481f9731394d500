// 16-bit storage: what is computed in f32 all the same.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <tuple>

#include <takt/reference.hpp>

#include "cell_names.hpp"
#include "devices/program.hpp"
#include "devices/test_devices.hpp"
#include "validate/tolerance.hpp"

namespace takt::test {
namespace {

class DeviceNarrow : public testing::TestWithParam<std::tuple<std::string, DataType, TestDevice>> {
 protected:
  static const std::string& cell() { return std::get<0>(GetParam()); }
  static DataType type() { return std::get<1>(GetParam()); }
  /// Spacing of numbers at 1.
  static double epsilon() { return type() == DataType::f16 ? 0x1p-10 : 0x1p-7; }

  const Device device = std::get<2>(GetParam()).open();
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(DeviceNarrow);

std::vector<TestDevice> devices_with_narrow_types() {
  std::vector<TestDevice> devices = test_devices();
  std::erase_if(devices, [](const TestDevice& device) { return device.name == "cpu"; });
  return devices;
}

INSTANTIATE_TEST_SUITE_P(Devices, DeviceNarrow,
                         testing::Combine(testing::ValuesIn(cell_names()),
                                          testing::Values(DataType::f16, DataType::bf16),
                                          testing::ValuesIn(devices_with_narrow_types())),
                         [](const auto& info) {
                           return std::get<0>(info.param) + "_" +
                                  std::string(to_string(std::get<1>(info.param))) + "_" +
                                  std::get<2>(info.param).name;
                         });

/// A program's numbers as the device stores them, in double.
struct Stored {
  Stored(const Program& program, const Device& device) {
    const Stream stream(device);
    const auto put = [&](const std::vector<float>& values, DataType type) {
      const std::vector<float> stored = to_host(
          to_device<float>(device, {static_cast<std::int64_t>(values.size())}, values, type),
          stream);
      return std::vector<double>(stored.begin(), stored.end());
    };
    x = put(program.x, program.type);
    h0 = put(program.h0, program.type);
    c0 = put(program.c0, inner_type(program.type));
    W = put(program.W, program.type);
    R = put(program.R, program.type);
    bW = put(program.bW, program.type);
    bR = put(program.bR, program.type);
    problem = {.cell = program.cell,
               .T = program.shape.T,
               .B = program.shape.B,
               .I = program.shape.I,
               .H = program.shape.H,
               .x = x.data(),
               .h0 = h0.data(),
               .c0 = c0.data(),
               .W = W.data(),
               .R = R.data(),
               .bW = bW.data(),
               .bR = bR.data()};
  }

  std::vector<double> x, h0, c0, W, R, bW, bR;
  reference::Problem problem;
};

/// In one step nothing is rounded to storage on the way: products, gates and c have the error of
/// f32, and h that of f32 and of one rounding.
TEST_P(DeviceNarrow, OneStepIsComputedInSinglePrecision) {
  const Program program(cell(), type(), {1, 4, 40, 40});
  const Results found = program.forward(device, Mode::training);
  const reference::Result expected = reference::forward(Stored(program, device).problem);
  const double single = validate::tolerance(
      DataType::f32, validate::terms_of(cell(), DataType::f32, program.shape).forward);
  for (std::size_t n = 0; n < expected.hT.size(); ++n)
    EXPECT_NEAR(found.hT[n], expected.hT[n], single + epsilon() / 2 * std::abs(expected.hT[n]))
        << n;
  for (std::size_t n = 0; n < expected.cT.size(); ++n)
    EXPECT_NEAR(found.cT[n], expected.cT[n], 2 * single) << n;
}

}  // namespace
}  // namespace takt::test
