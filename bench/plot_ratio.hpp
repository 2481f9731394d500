// The map of ratios: where takt is faster than a peer, over hidden size and batch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace takt::bench {

struct RatioTile {
  std::int64_t H = 0, B = 0;
  double ratio = 1;  ///< takt's time in times of the peer's
};

struct RatioPanel {
  std::string title;
  std::vector<RatioTile> tiles = {};
};

struct RatioMap {
  std::string title, subtitle, peer;
  std::size_t columns = 1;  ///< panels beside each other, where they are not too wide
  std::vector<RatioPanel> panels = {};
};

/// A gnuplot script that holds its data and writes an SVG to its standard output.
std::string ratio_script(const RatioMap& map);

}  // namespace takt::bench
