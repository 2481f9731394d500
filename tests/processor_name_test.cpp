// What identifies a CPU: processors that differ have different names.
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include <takt/device.hpp>

#include "cpu/processor_name.hpp"

namespace {

using takt::cpu::processor_name;

std::string name_of(const std::string& cpuinfo) {
  std::istringstream text(cpuinfo);
  return processor_name(text);
}

/// Of a processor of two, in the form of /proc/cpuinfo.
std::string x86(const std::string& family, const std::string& model, const std::string& stepping) {
  return "processor\t: 0\ncpu family\t: " + family + "\nmodel\t\t: " + model +
         "\nmodel name\t: AMD EPYC\nstepping\t: " + stepping +
         "\nflags\t\t: fpu vme\n\nprocessor\t: 1\nmodel\t\t: 99\n";
}

TEST(ProcessorName, TellsModelsOfOneNameApart) {
  EXPECT_EQ(name_of(x86("25", "17", "1")), "AMD EPYC (family 25, model 17, stepping 1)");
  for (const std::string& other : {x86("26", "17", "1"), x86("25", "1", "1"), x86("25", "17", "2")})
    EXPECT_NE(name_of(other), name_of(x86("25", "17", "1")));
}

TEST(ProcessorName, TellsThoseWithoutANameApart) {
  EXPECT_EQ(name_of("processor\t: 0\nCPU implementer\t: 0x41\nCPU variant\t: 0x3\nCPU part\t: "
                    "0xd0c\nCPU revision\t: 1\n"),
            "unknown processor (implementer 0x41, part 0xd0c, variant 0x3, revision 1)");
}

TEST(ProcessorName, IsUnknownWhereNothingTells) {
  EXPECT_EQ(name_of(""), "unknown processor");
  EXPECT_EQ(name_of("processor\t: 0\nmodel name\t:\nnonsense\n"), "unknown processor");
  EXPECT_EQ(name_of("model name\t: AMD EPYC\n"), "AMD EPYC");
}

TEST(ProcessorName, IsInADevicesDescription) {
  EXPECT_NE(takt::Device::cpu().describe().find("cpu (" + processor_name() + ", "),
            std::string::npos);
}

}  // namespace
