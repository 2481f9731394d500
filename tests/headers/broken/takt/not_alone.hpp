// Needs <string> and does not say so: tests/headers/check.sh must refuse it.
#pragma once

inline std::string not_alone() {
  return {};
}
