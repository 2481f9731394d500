// The gnuplot script of a scaling run.
#include "plot.hpp"

#include <cstddef>

#include "plot_text.hpp"

namespace takt::bench {
namespace {

std::string data_block(std::size_t n, const PlotSeries& series) {
  std::string text = "$series" + std::to_string(n) + " << EOD\n";
  for (const PlotPoint& p : series.points)
    text += number(p.T) + " " + number(p.seconds) + " " + number(p.least) + " " + number(p.most) +
            " " + number(p.bytes) + "\n";
  return text + "EOD\n";
}

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
                      colour(n) + "' notitle");
  }
  for (std::size_t n = 0; n < plot.series.size(); ++n)
    parts.push_back("$series" + std::to_string(n) + " using " + panel.columns + " with " +
                    panel.with + point_style(n) +
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
         "set ytics " + y_ticks + "\n" + "set yrange " + y.widened(1.5) + "\n" +
         plot_command(plot, panel);
}

/// What all panels share: above them the titles and the legend, a line for each series.
std::string frame(const Plot& plot, const Range& length) {
  constexpr double above = 115, panels = 370, below = 105, legend_line = 20;  // pixels
  const double legend = legend_line * static_cast<double>(plot.series.size());
  const double height = above + legend + panels + below;
  const auto from_top = [&](double pixels) { return number(1 - pixels / height); };
  return picture(1500, height) + heading(1, plot.title, 22, height, "font ',17'") +
         heading(2, plot.subtitle, 50, height, "textcolor rgb '#444444'") +
         heading(3,
                 "Points: median; bars: least to most of the repetitions. Dashed: the fit, fixed "
                 "time + time per step × T.",
                 height - 20, height, "textcolor rgb '#444444'") +
         "set logscale xy\nset grid xtics ytics lc rgb '#dddddd' lw 1\nset border 3\n"
         "set tics nomirror\nset tmargin at screen " +
         from_top(above + legend) + "\nset bmargin at screen " + number(below / height) +
         "\nset key at screen 0.5," + from_top(68) +
         " center top vertical reverse Left samplen 1.5\nset xlabel 'steps T'\nset xtics " +
         ticks(length, length_label) + "\nset xrange " + length.widened(1.5) + "\n";
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
                     ticks(time, time_label), time) +
          "unset label 1\nunset label 2\nunset label 3\n";
  text += panel_text(plot, {0.395, 0.665},
                     {"time per step", "1:($2/$1):($3/$1):($4/$1)", model_of_step, "yerrorbars"},
                     ticks(step, time_label), step);
  text += panel_text(plot, {0.735, 0.99},
                     {"memory of a call (computed)", "1:5", nullptr, "linespoints"},
                     ticks(bytes, bytes_label), bytes);
  return text + "unset multiplot\n";
}

}  // namespace takt::bench
