// The version of these headers. CMake and pkg-config read it from here.
#pragma once

#include <takt/export.hpp>

#define TAKT_VERSION_MAJOR 0
#define TAKT_VERSION_MINOR 1
#define TAKT_VERSION_PATCH 0
#define TAKT_VERSION "0.1.0"

namespace takt {

/// The version of the library that was linked, "major.minor.patch".
TAKT_API const char* version() noexcept;

}  // namespace takt
