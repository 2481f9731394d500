// takt_microbench: its command line, its table, its record.
#pragma once

#include "setup.hpp"

namespace takt::micro {

/// Returns the exit code.
int run_program(int argc, char** argv, const Setup& setup);

}  // namespace takt::micro
