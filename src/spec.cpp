// A spec in one line.
#include <takt/spec.hpp>

namespace takt {

std::string to_string(const RnnSpec& spec) {
  const RnnSpec plain{};
  std::string text = spec.cell + " " + std::string(to_string(spec.type)) +
                     " I=" + std::to_string(spec.input_size) +
                     " H=" + std::to_string(spec.hidden_size) + " " +
                     std::string(to_string(spec.direction));
  if (spec.projection_size != 0) text += " P=" + std::to_string(spec.projection_size);
  if (spec.layers != 1) text += " L=" + std::to_string(spec.layers);
  if (spec.bias != plain.bias) text += " bias=" + std::string(to_string(spec.bias));
  if (spec.math != plain.math) text += " math=" + std::string(to_string(spec.math));
  if (spec.layout != plain.layout) text += " " + std::string(to_string(spec.layout));
  return text;
}

}  // namespace takt
