// The version of the library that was linked.
#include <takt/version.hpp>

namespace takt {

const char* version() noexcept {
  return TAKT_VERSION;
}

}  // namespace takt
