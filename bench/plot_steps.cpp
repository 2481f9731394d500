// The gnuplot script of times per step.
#include "plot_steps.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <set>

#include "plot_text.hpp"

namespace takt::bench {
namespace {

constexpr double above = 76, below = 10, panel_above = 44, panel_below = 64, panel_left = 100,
                 panel_right = 22, panel_width = 500, inside_few = 230, inside_many = 340,
                 legend_item = 100, legend_line = 24;  // pixels
constexpr std::size_t few = 6;                         // batches

/// Of the n-th of some ordered things: from dark to light, told apart in grey too.
std::string ordered_colour(std::size_t n, std::size_t count) {
  using Colour = std::array<double, 3>;
  constexpr std::array<Colour, 4> stops = {
      Colour{68, 1, 84}, {49, 104, 142}, {53, 183, 121}, {230, 180, 20}};
  const double place = count < 2 ? 1
                                 : static_cast<double>(n) / static_cast<double>(count - 1) *
                                       static_cast<double>(stops.size() - 1);
  const std::size_t stop = std::min(static_cast<std::size_t>(place), stops.size() - 2);
  const double share = place - static_cast<double>(stop);
  std::string text = "#";
  for (std::size_t c = 0; c < 3; ++c) {
    char digits[3];
    const double value = stops[stop][c] + share * (stops[stop + 1][c] - stops[stop][c]);
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned>(std::lround(value)) & 0xffU);
    text += digits;
  }
  return text;
}

/// Every size where they are few, else powers of two.
std::string size_ticks(const std::set<std::int64_t>& sizes) {
  constexpr std::size_t most = 8;
  std::string text;
  for (const std::int64_t size : sizes) {
    const bool is_power = (size & (size - 1)) == 0;
    if (sizes.size() > most && !is_power) continue;
    text += (text.empty() ? "'" : ", '") + std::to_string(size) + "' " + std::to_string(size);
  }
  return "(" + text + ")";
}

class Drawer {
 public:
  explicit Drawer(const StepPlot& plot)
      : plot_(plot), columns_(std::max<std::size_t>(1, plot.columns)) {
    for (const StepPanel& panel : plot.panels)
      for (const auto* points : {&panel.own, &panel.peer})
        for (const StepPoint& point : *points) {
          batches_.insert(point.B);
          sizes_.insert(point.H);
          H_.add(static_cast<double>(point.H));
        }
    const std::size_t rows = (plot.panels.size() + columns_ - 1) / columns_;
    width_ = std::max(1000.0, panel_width * static_cast<double>(columns_));
    inside_ = batches_.size() > few ? inside_many : inside_few;
    panel_height_ = panel_above + inside_ + panel_below;
    legend_columns_ = std::min(batches_.size() + 2, static_cast<std::size_t>(width_ / legend_item));
    legend_height_ = legend_line * std::ceil(static_cast<double>(batches_.size() + 2) /
                                             static_cast<double>(legend_columns_));
    height_ = above + legend_height_ + panel_height_ * static_cast<double>(rows) + below;
  }

  std::string script() const {
    std::string text;
    for (std::size_t n = 0; n < plot_.panels.size(); ++n) text += data(n);
    text += frame();
    for (std::size_t n = 0; n < plot_.panels.size(); ++n) text += panel(n);
    return text + "unset multiplot\n";
  }

 private:
  static std::string block(std::size_t n, std::int64_t B, bool is_peer) {
    return "$panel" + std::to_string(n) + (is_peer ? "peer" : "own") + std::to_string(B);
  }
  static std::vector<StepPoint> of_batch(const std::vector<StepPoint>& points, std::int64_t B) {
    std::vector<StepPoint> found;
    std::copy_if(points.begin(), points.end(), std::back_inserter(found),
                 [B](const StepPoint& point) { return point.B == B; });
    return found;
  }
  const std::vector<StepPoint>& points(std::size_t n, bool is_peer) const {
    return is_peer ? plot_.panels[n].peer : plot_.panels[n].own;
  }

  std::string data(std::size_t n) const {
    std::string text;
    for (const bool is_peer : {false, true})
      for (const std::int64_t B : batches_) {
        const std::vector<StepPoint> found = of_batch(points(n, is_peer), B);
        if (found.empty()) continue;
        text += block(n, B, is_peer) + " << EOD\n";
        for (const StepPoint& point : found)
          text += std::to_string(point.H) + " " + number(point.seconds) + "\n";
        text += "EOD\n";
      }
    return text;
  }

  std::string frame() const {
    return picture(width_, height_) + heading(1, plot_.title, 22, height_, "font ',17'") +
           heading(2, plot_.subtitle, 50, height_, "textcolor rgb '#444444'") +
           "set logscale x 2\nset logscale y 10\nset grid xtics ytics lc rgb '#dddddd' lw 1\n"
           "set border 3\nset tics nomirror\nset mytics 1\nunset key\nset xtics " +
           size_ticks(sizes_) + "\nset xrange " + H_.widened(1.15) + "\n" + legend();
  }

  /// Where the n-th item of the legend begins: "screen X,Y".
  std::string legend_place(std::size_t n, double right) const {
    const double left = (width_ - legend_item * static_cast<double>(legend_columns_)) / 2 +
                        legend_item * static_cast<double>(n % legend_columns_) + right;
    const double top = above + legend_line * static_cast<double>(n / legend_columns_);
    return "screen " + number(left / width_) + "," + number(1 - top / height_);
  }

  /// Whose lines are whose, and the colour of each batch.
  std::string legend() const {
    constexpr double line = 36, gap = 8;
    // Of one colour gnuplot 5.4 would draw both lines as one path, undashed.
    std::string text;
    std::size_t n = 0;
    for (const std::string& name : {std::string("takt"), plot_.peer}) {
      text += "set arrow from " + legend_place(n, 0) + " to " + legend_place(n, line) +
              " nohead lw 2 lc rgb '" + (n == 0 ? "#111111'" : "#333333' dt (6,5)") +
              "\nset label " + quoted(name) + " at " + legend_place(n, line + gap) + " left\n";
      ++n;
    }
    for (const std::int64_t B : batches_) {
      const std::string colour = ordered_colour(n - 2, batches_.size());
      text += "set label '' at " + legend_place(n, line - gap) + " point pt 7 ps 0.9 lc rgb '" +
              colour + "'\nset label 'B = " + std::to_string(B) + "' at " + legend_place(n, line) +
              " left\n";
      ++n;
    }
    return text;
  }

  std::string lines(std::size_t n) const {
    std::string text;
    for (const bool is_peer : {true, false}) {
      std::size_t index = 0;
      for (const std::int64_t B : batches_) {
        const std::string colour = ordered_colour(index++, batches_.size());
        if (of_batch(points(n, is_peer), B).empty()) continue;
        text += (text.empty() ? "plot " : ", \\\n     ") + block(n, B, is_peer) +
                " using 1:2 with linespoints lw 1.8 ps 0.6 lc rgb '" + colour +
                (is_peer ? "' dt (6,5) pt 6 notitle" : "' pt 7 notitle");
      }
    }
    return text;
  }

  std::string panel(std::size_t n) const {
    const double across = width_ / static_cast<double>(columns_);
    const double left = across * static_cast<double>(n % columns_),
                 top = above + legend_height_ + panel_height_ * static_cast<double>(n / columns_);
    const auto side = [](const char* name, double share) {
      return std::string("set ") + name + " at screen " + number(share) + "\n";
    };
    Range time;
    for (const bool is_peer : {false, true})
      for (const StepPoint& point : points(n, is_peer)) time.add(point.seconds);
    return side("lmargin", (left + panel_left) / width_) +
           side("rmargin", (left + across - panel_right) / width_) +
           side("tmargin", 1 - (top + panel_above) / height_) +
           side("bmargin", 1 - (top + panel_above + inside_) / height_) + "set title " +
           quoted(plot_.panels[n].title) + " font ',14'\nset xlabel 'hidden size H'\nset ylabel " +
           (n % columns_ == 0 ? "'time per step'" : "''") + "\nset ytics " +
           ticks(time, time_label) + "\nset yrange " + time.widened(1.4) + "\n" + lines(n) + "\n" +
           (n == 0 ? "unset label\nunset arrow\n" : "");
  }

  const StepPlot& plot_;
  std::size_t columns_;
  std::set<std::int64_t> batches_, sizes_;
  Range H_;
  std::size_t legend_columns_ = 1;
  double width_ = 0, height_ = 0, panel_height_ = 0, inside_ = 0, legend_height_ = 0;
};

}  // namespace

std::string steps_script(const StepPlot& plot) {
  return Drawer(plot).script();
}

}  // namespace takt::bench
