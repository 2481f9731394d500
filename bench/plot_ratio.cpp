// The gnuplot script of a map of ratios.
#include "plot_ratio.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <set>

#include "plot_text.hpp"

namespace takt::bench {
namespace {

constexpr double above = 80, below = 124, panel_above = 34, panel_below = 48, panel_left = 84,
                 panel_right = 14, tile_width = 52, tile_height = 32, least_width = 1000,
                 most_width = 1600;  // pixels

std::string ratio_text(double ratio) {
  char text[16];
  std::snprintf(text, sizeof text, ratio < 9.95 ? "%.2f" : "%.0f", ratio);
  return text;
}

/// "1/4" of -2.
std::string power_of_two(int exponent) {
  return exponent < 0 ? "1/" + std::to_string(1 << -exponent) : std::to_string(1 << exponent);
}

/// Sizes as categories: where each stands on its axis.
class Axis {
 public:
  void add(std::int64_t size) { sizes_.insert(size); }
  std::size_t count() const { return sizes_.size(); }
  std::size_t place(std::int64_t size) const {
    return static_cast<std::size_t>(std::distance(sizes_.begin(), sizes_.find(size)));
  }
  std::string ticks() const {
    std::string text;
    for (const std::int64_t size : sizes_)
      text +=
          (text.empty() ? "'" : ", '") + std::to_string(size) + "' " + std::to_string(place(size));
    return "(" + text + ")";
  }
  std::string range() const { return "[-0.5:" + number(static_cast<double>(count()) - 0.5) + "]"; }

 private:
  std::set<std::int64_t> sizes_;
};

class Drawer {
 public:
  explicit Drawer(const RatioMap& map)
      : map_(map), columns_(std::max<std::size_t>(1, map.columns)) {
    double largest = 0;
    for (const RatioPanel& panel : map.panels)
      for (const RatioTile& tile : panel.tiles) {
        H_.add(tile.H);
        B_.add(tile.B);
        largest = std::max(largest, std::abs(std::log2(tile.ratio)));
      }
    span_ = std::clamp(std::ceil(largest), 1.0, 4.0);
    const double grid = tile_width * static_cast<double>(H_.count()) + panel_left + panel_right;
    columns_ = std::clamp<std::size_t>(static_cast<std::size_t>(most_width / grid), 1, columns_);
    const auto across = static_cast<double>(columns_);
    width_ = std::max(least_width, grid * across);
    panel_width_ = width_ / across;
    panel_height_ = panel_above + tile_height * static_cast<double>(B_.count()) + panel_below;
    const std::size_t rows = (map.panels.size() + columns_ - 1) / columns_;
    height_ = above + panel_height_ * static_cast<double>(rows) + below;
  }

  std::string script() const {
    std::string text;
    for (std::size_t n = 0; n < map_.panels.size(); ++n) text += data(n);
    text += frame();
    for (std::size_t n = 0; n < map_.panels.size(); ++n) text += panel(n);
    return text + "unset multiplot\n";
  }

 private:
  /// Place, colour, text and whether the text is light.
  std::string data(std::size_t n) const {
    std::string text = "$panel" + std::to_string(n) + " << EOD\n";
    for (const RatioTile& tile : map_.panels[n].tiles) {
      const double z = std::clamp(std::log2(tile.ratio), -span_, span_);
      text += std::to_string(H_.place(tile.H)) + " " + std::to_string(B_.place(tile.B)) + " " +
              number(z) + " " + ratio_text(tile.ratio) + " " +
              (std::abs(z) > 0.7 * span_ ? "1" : "0") + "\n";
    }
    return text + "EOD\n";
  }

  std::string frame() const {
    std::string ticks;
    for (int exponent = -static_cast<int>(span_); exponent <= static_cast<int>(span_); ++exponent)
      ticks +=
          (ticks.empty() ? "'" : ", '") + power_of_two(exponent) + "' " + std::to_string(exponent);
    return picture(width_, height_) + heading(1, map_.title, 22, height_, "font ',17'") +
           heading(2, map_.subtitle, 50, height_, "textcolor rgb '#444444'") +
           heading(3, "takt's time in times of " + map_.peer + "'s: below 1, blue, takt is faster",
                   height_ - 78, height_, "textcolor rgb '#444444'") +
           "set palette defined (0 '#2166ac', 1 '#67a9cf', 2 '#f7f7f7', 3 '#ef8a62', "
           "4 '#b2182b')\nset cbrange [" +
           number(-span_) + ":" + number(span_) + "]\nset cbtics (" + ticks +
           ") scale 0\nset colorbox horizontal user origin screen 0.3," + number(46 / height_) +
           " size screen 0.4," + number(14 / height_) +
           "\nset tics nomirror scale 0\nset border 0\nset xtics " + H_.ticks() + "\nset ytics " +
           B_.ticks() + "\nset xrange " + H_.range() + "\nset yrange " + B_.range() + "\n";
  }

  std::string panel(std::size_t n) const {
    const auto column = static_cast<double>(n % columns_), row = static_cast<double>(n / columns_);
    const double left = panel_width_ * column, top = above + panel_height_ * row;
    const auto side = [](const char* name, double share) {
      return std::string("set ") + name + " at screen " + number(share) + "\n";
    };
    const std::string block = "$panel" + std::to_string(n);
    const bool is_lowest = n + columns_ >= map_.panels.size(), is_first = n % columns_ == 0;
    return side("lmargin", (left + panel_left) / width_) +
           side("rmargin", (left + panel_width_ - panel_right) / width_) +
           side("tmargin", 1 - (top + panel_above) / height_) +
           side("bmargin", 1 - (top + panel_height_ - panel_below) / height_) + "set title " +
           quoted(map_.panels[n].title) + " font ',14' offset 0,-0.5\nset xlabel " +
           (is_lowest ? "'hidden size H'" : "''") + "\nset ylabel " +
           (is_first ? "'batch B'" : "''") + "\nplot " + block +
           " using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):3 with boxxyerror fs solid border lc "
           "rgb 'white' fc palette notitle, \\\n     " +
           block +
           " using 1:2:4:($5 > 0 ? 0xffffff : 0x222222) with labels tc rgb variable notitle\n" +
           (n == 0 ? "unset colorbox\nunset label 1\nunset label 2\nunset label 3\n" : "");
  }

  const RatioMap& map_;
  std::size_t columns_;
  Axis H_, B_;
  double span_ = 1, width_ = 0, height_ = 0, panel_width_ = 0, panel_height_ = 0;
};

}  // namespace

std::string ratio_script(const RatioMap& map) {
  return Drawer(map).script();
}

}  // namespace takt::bench
