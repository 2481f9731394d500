// An SVG of a learning curve.
#include "curve.hpp"

#include <algorithm>
#include <cmath>

#include "output.hpp"

namespace language_model {
namespace {

constexpr double width = 720, height = 420, left = 60, right = 20, top = 50, bottom = 50;

/// Values to pixels.
struct Frame {
  double steps, low, high;
  double x(double step) const { return left + (width - left - right) * step / steps; }
  double y(double bits) const {
    return top + (height - top - bottom) * (high - bits) / (high - low);
  }
};

std::string words(double x, double y, const char* anchor, const std::string& content) {
  return format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor) + content +
         "</text>\n";
}

std::string line(const Frame& frame, const std::vector<CurvePoint>& curve,
                 double CurvePoint::*value, const char* colour) {
  std::string points;
  for (const CurvePoint& point : curve)
    points += format("%.1f,%.1f ", frame.x(static_cast<double>(point.step)), frame.y(point.*value));
  return format("<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"", colour) +
         points + "\"/>\n";
}

std::string level(const Frame& frame, double bits, const char* stroke) {
  return format("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s/>\n", left, frame.y(bits),
                width - right, frame.y(bits), stroke);
}

std::string axes(const Frame& frame) {
  std::string text;
  for (double bits = frame.low; bits <= frame.high; bits += 0.5)
    text += level(frame, bits, "stroke=\"#ddd\"") +
            words(left - 8, frame.y(bits) + 4, "end", format("%.1f", bits));
  for (int n = 0; n <= 4; ++n)
    text += words(frame.x(frame.steps * n / 4), height - bottom + 20, "middle",
                  format("%.0f", frame.steps * n / 4));
  return text + words(left + (width - left - right) / 2, height - 10, "middle", "steps") +
         words(12, top - 12, "start", "bits per byte");
}

std::string legend(double y, const char* colour, const std::string& label) {
  return format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\" fill=\"%s\">", width - right - 8,
                y, colour) +
         label + "</text>\n";
}

}  // namespace

std::string curve_svg(const std::vector<CurvePoint>& curve, double witten_bell,
                      const std::string& title) {
  double low = witten_bell, high = witten_bell;
  for (const CurvePoint& point : curve)
    for (const double bits : {point.training, point.held_out}) {
      if (!std::isfinite(bits)) continue;
      low = std::min(low, bits);
      high = std::max(high, bits);
    }
  const double steps = curve.empty() ? 1 : static_cast<double>(curve.back().step);
  const Frame frame{std::max(steps, 1.0), std::floor(2 * low) / 2, std::floor(2 * high) / 2 + 0.5};
  return format(
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" "
             "font-family=\"sans-serif\" font-size=\"13\">\n"
             "<rect width=\"%g\" height=\"%g\" fill=\"white\"/>\n",
             width, height, width, height) +
         words(width / 2, 20, "middle", title) + axes(frame) +
         level(frame, witten_bell, "stroke=\"#888\" stroke-dasharray=\"6 4\"") +
         line(frame, curve, &CurvePoint::training, "#4477aa") +
         line(frame, curve, &CurvePoint::held_out, "#cc3311") +
         legend(top + 16, "#4477aa", "learnt from") + legend(top + 34, "#cc3311", "held out") +
         legend(top + 52, "#888", format("held out, by counting: %.3f", witten_bell)) + "</svg>\n";
}

}  // namespace language_model
