// The device of the emulated takt command: an H200 with a small L2, which benchmarks overwrite
// before each call.
#include "simt.hpp"

namespace {

const bool is_small = [] {
  simt::Profile profile = simt::h200();
  profile.l2_bytes = std::size_t{256} << 10;
  simt::set_device(profile);
  return true;
}();

}  // namespace
