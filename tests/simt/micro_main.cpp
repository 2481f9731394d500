// takt_microbench on the emulated device, at sizes for which that is quick enough.
#include <cstdio>

#include "program.hpp"
#include "simt.hpp"

int main(int argc, char** argv) {
  takt::micro::Setup setup{.sizes = takt::micro::tiny_sizes(), .emulated = true};
#ifdef TAKT_SPOILED
  setup.spoiled = true;
#endif
  setup.hang_seconds = 600;  // of a machine that has much else to do
  const int code = takt::micro::run_program(argc, argv, setup);
  for (const simt::Report& report : simt::take_reports())
    std::fprintf(stderr, "the emulated device reports a %s:\n%s\n", report.kind.c_str(),
                 report.text.c_str());
  return code;
}
