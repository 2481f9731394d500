// The gnuplot script of a scaling run.
#include "plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <span>

namespace takt::bench {
namespace {

// Told apart by colour-blind readers too; each series has its own mark as well.
constexpr std::array<const char*, 6> colours = {"#0072b2", "#d55e00", "#009e73",
                                                "#cc79a7", "#e69f00", "#56b4e9"};
constexpr std::array<int, 6> marks = {7, 5, 9, 13, 11, 4};

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

/// A gnuplot string that is shown as it is.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("''") : std::string(1, c);
  return result + "'";
}

std::string data_block(std::size_t n, const PlotSeries& series) {
  std::string text = "$series" + std::to_string(n) + " << EOD\n";
  for (const PlotPoint& p : series.points)
    text += number(p.T) + " " + number(p.seconds) + " " + number(p.least) + " " + number(p.most) +
            " " + number(p.bytes) + "\n";
  return text + "EOD\n";
}

std::string style(std::size_t n) {
  return std::string("lc rgb '") + colours[n % colours.size()] + "' pt " +
         std::to_string(marks[n % marks.size()]) + " ps 0.7";
}

/// Ticks at powers of ten, or at 1, 2 and 5 times them where the range spans few.
template <class Label>
std::string ticks(double least, double most, const Label& label) {
  const bool few = most < 150 * least;
  std::string text;
  const int first = static_cast<int>(std::floor(std::log10(least))) - 1,
            last = static_cast<int>(std::ceil(std::log10(most)));
  for (int power = first; power <= last; ++power)
    for (const int multiple : {1, 2, 5})
      if (multiple == 1 || few)
        text += (text.empty() ? "" : ", ") + std::string("'") + label(multiple, power) + "' " +
                std::to_string(multiple) + "e" + std::to_string(power);
  return "(" + text + ")";
}

/// "20 ms" of 2e-2: `units` are 1000 apart, the first one is 10^lowest.
std::string tick_label(int multiple, int power, int lowest, std::span<const char* const> units) {
  const int most = static_cast<int>(units.size()) - 1;
  const int unit = std::clamp((power - lowest - (power < lowest ? 2 : 0)) / 3, 0, most);
  return number(multiple * std::pow(10, power - lowest - 3 * unit)) +
         units[static_cast<std::size_t>(unit)];
}

std::string length_label(int multiple, int power) {
  static constexpr const char* units[] = {"", " k", " M", " G", " T"};
  return tick_label(multiple, power, 0, units);
}

std::string time_label(int multiple, int power) {
  static constexpr const char* units[] = {" ns", " µs", " ms", " s"};
  return tick_label(multiple, power, -9, units);
}

std::string bytes_label(int multiple, int power) {
  static constexpr const char* units[] = {" B", " kB", " MB", " GB", " TB"};
  return tick_label(multiple, power, 0, units);
}

struct Range {
  double least = HUGE_VAL, most = 0;
  void add(double value) {
    if (value <= 0) return;
    least = std::min(least, value);
    most = std::max(most, value);
  }
};

struct Panel {
  std::string title, columns;        // of the data: x:value, or x:value:low:high
  std::string (*model)(const Fit&);  // a function of x; null for none
  std::string with;
  bool legend = false;
};

std::string model_of_time(const Fit& fit) {
  return number(fit.fixed) + "+" + number(fit.per_step) + "*x";
}
std::string model_of_step(const Fit& fit) {
  return number(fit.fixed) + "/x+" + number(fit.per_step);
}

/// The plot command of a panel: fitted lines below, points above.
std::string plot_command(const Plot& plot, const Panel& panel) {
  std::vector<std::string> parts;
  for (std::size_t n = 0; n < plot.series.size(); ++n) {
    const PlotSeries& series = plot.series[n];
    if (panel.model != nullptr && series.fit)
      parts.push_back("[" + number(series.points.front().T) + ":" + number(series.points.back().T) +
                      "] " + panel.model(*series.fit) + " with lines lw 1.4 dt 2 lc rgb '" +
                      colours[n % colours.size()] + "' notitle");
  }
  for (std::size_t n = 0; n < plot.series.size(); ++n)
    parts.push_back("$series" + std::to_string(n) + " using " + panel.columns + " with " +
                    panel.with + " " + style(n) +
                    (panel.legend ? " title " + quoted(plot.series[n].label) : " notitle"));
  std::string text;
  for (const std::string& part : parts)
    text += (!text.empty() ? ", \\\n     " : part.front() == '[' ? "plot sample " : "plot ") + part;
  return text + "\n";
}

struct Place {
  double left, right;  // of the picture
};

std::string panel_text(const Plot& plot, const Place& place, const Panel& panel,
                       const std::string& y_ticks, const Range& y) {
  return "set lmargin at screen " + number(place.left) + "\nset rmargin at screen " +
         number(place.right) + "\nset title " + quoted(panel.title) + " font ',14'\n" +
         "set ytics " + y_ticks + "\n" + "set yrange [" + number(y.least / 1.5) + ":" +
         number(y.most * 1.5) + "]\n" + plot_command(plot, panel);
}

/// What all panels share: above them the titles and the legend, a line for each series.
std::string frame(const Plot& plot, const Range& length) {
  constexpr double above = 115, panels = 370, below = 105, legend_line = 20;  // pixels
  const double legend = legend_line * static_cast<double>(plot.series.size());
  const double height = above + legend + panels + below;
  const auto from_top = [&](double pixels) { return number(1 - pixels / height); };
  const auto label = [&](int n, const std::string& text, double pixels, const char* look) {
    return "set label " + std::to_string(n) + " " + quoted(text) + " at screen 0.5," +
           from_top(pixels) + " center " + look + "\n";
  };
  return "set encoding utf8\nset terminal svg size 1500," + number(height) +
         " dynamic background rgb 'white' noenhanced "
         "font 'DejaVu Sans,Helvetica,Arial,sans-serif,13'\nset multiplot\n" +
         label(1, plot.title, 22, "font ',17'") +
         label(2, plot.subtitle, 50, "textcolor rgb '#444444'") +
         label(3,
               "Points: median; bars: least to most of the repetitions. Dashed: the fit, fixed "
               "time + time per step × T.",
               height - 20, "textcolor rgb '#444444'") +
         "set logscale xy\nset grid xtics ytics lc rgb '#dddddd' lw 1\nset border 3\n"
         "set tics nomirror\nset tmargin at screen " +
         from_top(above + legend) + "\nset bmargin at screen " + number(below / height) +
         "\nset key at screen 0.5," + from_top(68) +
         " center top vertical reverse Left samplen 1.5\nset xlabel 'steps T'\nset xtics " +
         ticks(length.least, length.most, length_label) + "\nset xrange [" +
         number(length.least / 1.5) + ":" + number(length.most * 1.5) + "]\n";
}

}  // namespace

std::string plot_script(const Plot& plot) {
  Range length, time, step, bytes;
  std::string data;
  for (std::size_t n = 0; n < plot.series.size(); ++n) {
    data += data_block(n, plot.series[n]);
    for (const PlotPoint& p : plot.series[n].points) {
      length.add(p.T);
      for (const double seconds : {p.least, p.most}) {
        time.add(seconds);
        step.add(seconds / p.T);
      }
      bytes.add(p.bytes);
    }
  }
  std::string text = data + frame(plot, length);
  text += panel_text(plot, {0.055, 0.325},
                     {"time of a call", "1:2:3:4", model_of_time, "yerrorbars", true},
                     ticks(time.least, time.most, time_label), time) +
          "unset label 1\nunset label 2\nunset label 3\n";
  text += panel_text(plot, {0.395, 0.665},
                     {"time per step", "1:($2/$1):($3/$1):($4/$1)", model_of_step, "yerrorbars"},
                     ticks(step.least, step.most, time_label), step);
  text += panel_text(plot, {0.735, 0.99},
                     {"memory of a call (computed)", "1:5", nullptr, "linespoints"},
                     ticks(bytes.least, bytes.most, bytes_label), bytes);
  return text + "unset multiplot\n";
}

}  // namespace takt::bench
