// Tests on the emulated device: after each one nothing is left on it, and nothing was reported that
// the test did not ask for.
#include <gtest/gtest.h>

#include "simt.hpp"

namespace {

class CleanDevice : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo&) override {
    simt::set_device(simt::h200());
    simt::set_schedule({});
  }
  void OnTestEnd(const testing::TestInfo&) override {
    for (const simt::Report& report : simt::take_reports())
      ADD_FAILURE() << "the emulated device reports a " << report.kind << ":\n" << report.text;
    const std::string left = simt::reset_device();
    if (!left.empty()) ADD_FAILURE() << "left on the device: " << left;
  }
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  testing::UnitTest::GetInstance()->listeners().Append(new CleanDevice);
  return RUN_ALL_TESTS();
}
