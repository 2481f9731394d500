// Time per step over the hidden size, takt's beside a peer's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace takt::bench {

struct StepPoint {
  std::int64_t H = 0, B = 0;
  double seconds = 0;  ///< of a step
};

struct StepPanel {
  std::string title;
  std::vector<StepPoint> own = {}, peer = {};  ///< in the order of H
};

struct StepPlot {
  std::string title, subtitle, peer;
  std::size_t columns = 1;  ///< panels beside each other
  std::vector<StepPanel> panels = {};
};

/// A gnuplot script that holds its data and writes an SVG to its standard output.
std::string steps_script(const StepPlot& plot);

}  // namespace takt::bench
