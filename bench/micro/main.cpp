// takt_microbench on a GPU.
#include "program.hpp"

int main(int argc, char** argv) {
  return takt::micro::run_program(argc, argv, {});
}
