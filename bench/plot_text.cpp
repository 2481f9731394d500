// Words of gnuplot scripts that all plots share.
#include "plot_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <span>

namespace takt::bench {
namespace {

constexpr std::array<const char*, 6> colours = {"#0072b2", "#d55e00", "#009e73",
                                                "#cc79a7", "#e69f00", "#56b4e9"};
constexpr std::array<int, 6> marks = {7, 5, 9, 13, 11, 4};

/// `units` are 1000 apart, the first one is 10^lowest.
std::string tick_label(int multiple, int power, int lowest, std::span<const char* const> units) {
  const int most = static_cast<int>(units.size()) - 1;
  const int unit = std::clamp((power - lowest - (power < lowest ? 2 : 0)) / 3, 0, most);
  return number(multiple * std::pow(10, power - lowest - 3 * unit)) +
         units[static_cast<std::size_t>(unit)];
}

}  // namespace

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    // A line break ends the string, and what follows would be commands.
    const bool is_control = static_cast<unsigned char>(c) < ' ' || c == '\x7f';
    result += c == '\'' ? std::string("''") : std::string(1, is_control ? ' ' : c);
  }
  return result + "'";
}

std::string colour(std::size_t n) {
  return colours[n % colours.size()];
}

std::string point_style(std::size_t n) {
  return " lc rgb '" + colour(n) + "' pt " + std::to_string(marks[n % marks.size()]) + " ps 0.7";
}

void Range::add(double value) {
  if (value <= 0) return;
  least = std::min(least, value);
  most = std::max(most, value);
}

std::string Range::widened(double factor) const {
  return "[" + number(least / factor) + ":" + number(most * factor) + "]";
}

std::string ticks(const Range& range,
                  const std::function<std::string(int multiple, int power)>& label) {
  const bool few = range.most < 150 * range.least;
  std::string text;
  const int first = static_cast<int>(std::floor(std::log10(range.least))) - 1,
            last = static_cast<int>(std::ceil(std::log10(range.most)));
  for (int power = first; power <= last; ++power)
    for (const int multiple : {1, 2, 5})
      if (multiple == 1 || few)
        text += (text.empty() ? "" : ", ") + std::string("'") + label(multiple, power) + "' " +
                std::to_string(multiple) + "e" + std::to_string(power);
  return "(" + text + ")";
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

std::string picture(double width, double height) {
  return "set encoding utf8\nset terminal svg size " + number(width) + "," + number(height) +
         " dynamic background rgb 'white' noenhanced "
         "font 'DejaVu Sans,Helvetica,Arial,sans-serif,13'\nset multiplot\n";
}

std::string heading(int label, const std::string& text, double pixels, double height,
                    const std::string& look) {
  return "set label " + std::to_string(label) + " " + quoted(text) + " at screen 0.5," +
         number(1 - pixels / height) + " center " + look + "\n";
}

}  // namespace takt::bench
