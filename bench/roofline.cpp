// The least time that this machine's processors could need.
#include "roofline.hpp"

#include <algorithm>

#include <takt/cells.hpp>

namespace takt::bench {
namespace {

/// At the bandwidth of the nearest level that holds `held` bytes; 0 where that is L1 or unknown.
double seconds_to_move(double bytes, double held, const MachineLimits& machine) {
  const std::vector<MemoryLevel>& levels = machine.levels;
  if (held <= machine.l1_bytes) return 0;
  const auto level = std::find_if(levels.begin(), levels.end(),
                                  [&](const MemoryLevel& each) { return held <= each.bytes; });
  return level == levels.end() ? 0 : bytes / level->bytes_per_second;
}

double bytes_of_R(const Shape& shape) {
  const CellInfo& cell = find_cell(shape.cell);
  if (cell.recurrence == Recurrence::none) return 0;
  const auto H = static_cast<double>(shape.H);
  return cell.gates * H * H * static_cast<double>(size_of(shape.type));
}

/// In each pass once: forward reads x and the weights, writes y and the final states and what it
/// saves; backward reads all of those and dy, and writes dx and the gradients.
double bytes_moved(const Shape& shape, const Footprint& bytes) {
  const double forward = bytes.x + bytes.y + bytes.saved + bytes.weights;
  const double backward = shape.has_backward() ? forward + bytes.dx_and_dy + bytes.gradients : 0;
  return forward + bytes.final_states + backward;
}

/// All of that, each array once.
double bytes_held(const Footprint& bytes) {
  return bytes.x + bytes.y + bytes.saved + bytes.weights + bytes.final_states + bytes.dx_and_dy +
         bytes.gradients;
}

}  // namespace

double CpuLimit::seconds() const {
  return std::max({products, weights, memory});
}

std::string_view CpuLimit::bound_by() const {
  if (products >= weights && products >= memory) return "products";
  return weights >= memory ? "weights" : "memory";
}

CpuLimit cpu_limit(const Shape& shape, const Footprint& bytes, const MachineLimits& machine) {
  const double R = bytes_of_R(shape);
  const double reads = static_cast<double>(shape.T) * (shape.has_backward() ? 2 : 1);
  return {.products = operations(shape) / (shape.type == DataType::f64 ? machine.f64_per_second
                                                                       : machine.f32_per_second),
          .weights = seconds_to_move(reads * R, R, machine),
          .memory = seconds_to_move(bytes_moved(shape, bytes), bytes_held(bytes), machine)};
}

}  // namespace takt::bench
