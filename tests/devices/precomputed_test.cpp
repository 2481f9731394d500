// x that is W x already, on every device: the bits of a plan whose W is an identity.
#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "cell_names.hpp"
#include "devices/program.hpp"
#include "devices/test_devices.hpp"

namespace takt::test {
namespace {

/// Both passes of two programs: x as it is, and x by an identity, whose sums are exact.
void expect_the_bits_of_an_identity(const Program& precomputed, const Device& device) {
  constexpr int of_W = 3;
  ASSERT_STREQ(ProgramGradients::names[of_W], "dW");
  Program product = precomputed;
  const std::int64_t GH = product.shape.I;
  product.input = InputMode::product;
  product.W.assign(static_cast<std::size_t>(GH * GH), 0);
  for (std::int64_t k = 0; k < GH; ++k) product.W[static_cast<std::size_t>(k * GH + k)] = 1;
  EXPECT_EQ(precomputed.forward(device, Mode::inference), product.forward(device, Mode::inference));
  const unsigned asked = ~(1U << of_W);
  const ProgramGradients found = precomputed.backward(device, asked),
                         expected = product.backward(device, asked);
  for (int part = 0; part < ProgramGradients::parts; ++part)
    if (part != of_W) {
      EXPECT_EQ(found.part(part), expected.part(part)) << ProgramGradients::names[part];
    }
}

Program program_of(const std::string& cell, DataType type, std::int64_t T, std::int64_t B,
                   std::int64_t H) {
  Program program(cell, type, {T, B, find_cell(cell).gates * H, H});
  program.input = InputMode::precomputed;
  program.W.clear();
  return program;
}

class DevicePrecomputed
    : public testing::TestWithParam<std::tuple<std::string, DataType, TestDevice>> {
 protected:
  const Device device = std::get<2>(GetParam()).open();
};

/// The cpu has no 16-bit types.
std::vector<std::tuple<std::string, DataType, TestDevice>> instances() {
  std::vector<std::tuple<std::string, DataType, TestDevice>> all;
  for (const TestDevice& device : test_devices())
    for (const std::string& cell : cell_names())
      for (const DataType type : {DataType::f32, DataType::f16, DataType::bf16})
        if (type == DataType::f32 || device.name != "cpu") all.emplace_back(cell, type, device);
  return all;
}

INSTANTIATE_TEST_SUITE_P(Devices, DevicePrecomputed, testing::ValuesIn(instances()),
                         [](const auto& info) {
                           return std::get<0>(info.param) + "_" +
                                  std::string(to_string(std::get<1>(info.param))) + "_" +
                                  std::get<2>(info.param).name;
                         });

/// How x lies: each alone keeps a device from reading it as Wx where it lies.
struct Placement {
  Direction direction = Direction::forward;
  Layout layout = Layout::time_major;
  bool ragged = false;
  std::int64_t offset = 0, gap = 0;
};
constexpr Placement placements[] = {
    {},
    {.direction = Direction::reverse},
    {.layout = Layout::batch_major},
    {.ragged = true},
    {.offset = 1},
    {.gap = 3},
    {.gap = 8},  // whole vectors in every type
    {.direction = Direction::reverse, .layout = Layout::batch_major, .ragged = true, .gap = 8},
};

TEST_P(DevicePrecomputed, GivesTheBitsOfAnIdentityWhereverXLies) {
  const auto& [cell, type, test_device] = GetParam();
  for (const std::int64_t H : {5, 8})  // rows of no whole vectors, and of some
    for (const Placement& at : placements) {
      SCOPED_TRACE(testing::Message()
                   << "H " << H << (at.ragged ? " ragged " : " ") << to_string(at.direction) << " "
                   << to_string(at.layout) << " offset " << at.offset << " gap " << at.gap);
      Program program = program_of(cell, type, 4, 3, H);
      program.direction = at.direction;
      program.layout = at.layout;
      program.x_offset = at.offset;
      program.x_gap = at.gap;
      if (at.ragged) program.lengths = {2, 0, 4};
      expect_the_bits_of_an_identity(program, device);
    }
}

/// Chunks know nothing of cells, but for gradients that are not shared.
class DevicePrecomputedChunks : public testing::TestWithParam<TestDevice> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(DevicePrecomputedChunks);

std::vector<TestDevice> devices_of_chunks() {
  std::vector<TestDevice> devices = test_devices();
  std::erase_if(devices,
                [](const TestDevice& device) { return device.effort == TestDevice::Effort::some; });
  return devices;
}

INSTANTIATE_TEST_SUITE_P(Devices, DevicePrecomputedChunks, testing::ValuesIn(devices_of_chunks()),
                         [](const auto& info) { return "gru_f32_" + info.param.name; });

TEST_P(DevicePrecomputedChunks, GiveTheBitsOfAnIdentity) {
  const Device device = GetParam().open();
  // Several chunks forward, on the cpu (16 MiB of Wx and x) as on a GPU (4 Mi elements of Wx). A
  // GPU's backward has one step in a chunk with a W and without: sums over chunks are the same.
  Program program = program_of("gru", DataType::f32, 5, 1200, 256);
  expect_the_bits_of_an_identity(program, device);
  program.direction = Direction::reverse;
  expect_the_bits_of_an_identity(program, device);
}

}  // namespace
}  // namespace takt::test
