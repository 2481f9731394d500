// Words of gnuplot scripts that all plots share.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace takt::bench {

/// "%.9g".
std::string number(double value);

/// A gnuplot string that is shown as it is, on one line: control characters are spaces.
std::string quoted(const std::string& text);

/// Told apart by colour-blind readers too; n counts from 0 and goes round.
std::string colour(std::size_t n);
/// Colour and mark: " lc rgb '#0072b2' pt 7 ps 0.7".
std::string point_style(std::size_t n);

struct Range {
  double least = HUGE_VAL, most = 0;
  /// Only what is above 0 has a place on a logarithmic axis.
  void add(double value);
  /// "[a:b]", wider by this factor on both sides.
  std::string widened(double factor) const;
};

/// Ticks of a logarithmic axis: at powers of ten, or at 1, 2 and 5 times them where the range spans
/// few; `label` names multiple * 10^power.
std::string ticks(const Range& range,
                  const std::function<std::string(int multiple, int power)>& label);
std::string length_label(int multiple, int power);  ///< "20 k"
std::string time_label(int multiple, int power);    ///< "20 ms" of 2e-2
std::string bytes_label(int multiple, int power);   ///< "20 MB"

/// Starts a picture of this size in pixels: terminal, fonts, one multiplot.
std::string picture(double width, double height);

/// Text across the whole picture, this far from its top; `look` as in "font ',17'".
std::string heading(int label, const std::string& text, double pixels, double height,
                    const std::string& look);

}  // namespace takt::bench
