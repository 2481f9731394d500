// Sentences of refusal.
#include "say.hpp"

#include <cstdio>

namespace takt {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

}  // namespace takt
