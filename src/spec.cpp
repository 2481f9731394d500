// A spec in one line.
#include <takt/spec.hpp>

#include "say.hpp"

namespace takt {

std::string to_string(const RnnSpec& spec) {
  const RnnSpec plain{};
  std::string text = spec.cell + " " + std::string(to_string(spec.type)) +
                     " I=" + std::to_string(spec.input_size) +
                     " H=" + std::to_string(spec.hidden_size) + " " +
                     std::string(to_string(spec.direction));
  if (spec.projection_size != 0) text += " P=" + std::to_string(spec.projection_size);
  if (spec.layers != 1) text += " L=" + std::to_string(spec.layers);
  if (spec.merge != plain.merge) text += " merge=" + std::string(to_string(spec.merge));
  if (spec.input != plain.input) text += " input=" + std::string(to_string(spec.input));
  if (spec.bias != plain.bias) text += " bias=" + std::string(to_string(spec.bias));
  if (spec.math != plain.math) text += " math=" + std::string(to_string(spec.math));
  if (spec.layout != plain.layout) text += " " + std::string(to_string(spec.layout));
  const auto add = [&](const char* name, double value, double usual) {
    if (value != usual) text += std::string(" ") + name + "=" + number(value);
  };
  add("fill", spec.fill, plain.fill);
  add("dropout", spec.dropout, plain.dropout);
  add("recurrent_dropout", spec.recurrent_dropout, plain.recurrent_dropout);
  add("weight_dropout", spec.weight_dropout, plain.weight_dropout);
  add("zoneout_h", spec.zoneout_h, plain.zoneout_h);
  add("zoneout_c", spec.zoneout_c, plain.zoneout_c);
  add("cell_clip.lo", spec.cell_clip.lo, plain.cell_clip.lo);
  add("cell_clip.hi", spec.cell_clip.hi, plain.cell_clip.hi);
  add("recurrent_gradient_clip", spec.recurrent_gradient_clip, plain.recurrent_gradient_clip);
  if (spec.layer_norm) text += " layer_norm";
  add("layer_norm_epsilon", spec.layer_norm_epsilon, plain.layer_norm_epsilon);
  add("heads", spec.heads, plain.heads);
  if (spec.wait_limit_ms != plain.wait_limit_ms)
    text += " wait_limit_ms=" + std::to_string(spec.wait_limit_ms);
  if (!spec.algorithm.empty()) text += " algorithm=" + spec.algorithm;
  return text;
}

}  // namespace takt
