// A bound of the time of a call on this machine's processors.
#include "roofline.hpp"

#include <algorithm>

#include <takt/cells.hpp>

namespace takt::bench {
namespace {

/// What a pass reads and writes at least once, in bytes.
struct Traffic {
  double read = 0, written = 0;
};

/// Reads and writes run at once, at the bandwidth of reads. What nearer levels hold need not move.
double seconds_to_move(const Traffic& pass, const MachineLimits& machine) {
  const double bytes = std::max(pass.read, pass.written);
  double seconds = 0, nearer = machine.l1_bytes;
  for (const MemoryLevel& level : machine.levels) {
    seconds = std::max(seconds, (bytes - nearer) / level.bytes_per_second);
    nearer += level.bytes;
  }
  return seconds;
}

/// Bytes of a matrix [G*H,columns].
double bytes_of_columns(const Shape& shape, double columns) {
  return find_cell(shape.cell).gates * static_cast<double>(shape.H) * columns *
         static_cast<double>(size_of(shape.type));
}

double bytes_of_R(const Shape& shape) {
  const bool is_there = find_cell(shape.cell).recurrence != Recurrence::none;
  return is_there ? bytes_of_columns(shape, static_cast<double>(shape.H)) : 0;
}

/// Until the longest row ends.
double steps_of(const Shape& shape) {
  const std::vector<std::int32_t> lengths = lengths_of(shape);
  return lengths.empty() ? 0 : *std::max_element(lengths.begin(), lengths.end());
}

/// The part of the steps of all rows that rows run.
double share_that_runs(const Shape& shape) {
  return tokens(shape) / (static_cast<double>(shape.T) * static_cast<double>(shape.B));
}

/// Past a row's length x is not read and nothing saved, but y filled.
Traffic forward_traffic(const Shape& shape, const Footprint& bytes) {
  const double share = share_that_runs(shape);
  return {.read = share * bytes.x + bytes.initial_states + bytes.weights,
          .written = bytes.y + share * bytes.saved + bytes.final_states};
}

/// dx has the size of x, dy that of y; past a row's length dx is 0.
Traffic backward_traffic(const Shape& shape, const Footprint& bytes) {
  const double share = share_that_runs(shape), dy = bytes.y;
  const double without_biases = bytes.weights - bytes_of_columns(shape, 2);
  return {.read = share * (bytes.x + bytes.y + bytes.saved + dy) + bytes.initial_states +
                  without_biases,
          .written = bytes.x + bytes.gradients};
}

double peak_of(DataType type, const MachineLimits& machine) {
  return type == DataType::f64 ? machine.f64_per_second : machine.f32_per_second;
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
  const double R = bytes_of_R(shape), steps = steps_of(shape);
  double needed = operations(shape), reads_of_R = steps;
  double memory = seconds_to_move(forward_traffic(shape, bytes), machine);
  if (shape.has_backward()) {
    // Nobody asks for dh0, so that backward's last step has no product by R.
    needed -= 2 * R / static_cast<double>(size_of(shape.type)) * static_cast<double>(shape.B);
    reads_of_R += steps - 1;
    memory += seconds_to_move(backward_traffic(shape, bytes), machine);
  }
  return {.products = needed / peak_of(shape.type, machine),
          .weights = reads_of_R * seconds_to_move({.read = R}, machine),
          .memory = memory};
}

}  // namespace takt::bench
