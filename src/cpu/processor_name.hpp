// What identifies the processors of a machine.
#pragma once

#include <istream>
#include <string>

namespace takt::cpu {

/// "AMD EPYC (family 25, model 17, stepping 1)": model names alone are the same for processors that
/// differ. From text in the form of /proc/cpuinfo, of the first processor in it; "unknown
/// processor" for what that does not name.
std::string processor_name(std::istream& cpuinfo);

/// Of this machine.
std::string processor_name();

}  // namespace takt::cpu
