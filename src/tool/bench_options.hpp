// What takt bench is asked to measure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shape.hpp"
#include "tool/device_options.hpp"
#include "tool/output.hpp"

namespace CLI {
class Option;
}

namespace takt::tool {

class BenchOptions {
 public:
  void add(CLI::App& app);

  /// Throws UsageError for outputs that could not be written.
  void check_outputs() const;
  /// In the order in which they are measured. Throws UsageError for a list that cannot be read.
  std::vector<bench::Shape> shapes() const;

  std::string json_path() const;  ///< "-" for stdout
  std::string svg_path() const { return in_folder("scaling.svg"); }
  double seconds() const { return seconds_; }
  bool plot() const { return plot_; }
  const DeviceOptions& device() const { return device_; }
  const JsonOption& json() const { return json_; }

 private:
  void add_problem(CLI::App& app);
  std::string in_folder(const std::string& name) const;
  std::vector<bench::Shape> listed_shapes() const;

  DeviceOptions device_;
  JsonOption json_;
  bench::Shape shape_{.I = 0, .H = 64};
  std::vector<std::int64_t> batches_{1, 16};
  std::vector<std::int64_t> lengths_;
  std::vector<CLI::Option*> problem_;  // those that a list replaces
  std::string shapes_file_;
  std::string folder_ = ".";
  double seconds_ = 0.5;
  bool plot_ = true;
};

/// "16:1024", "16:1024:4" and "1,16,65535" and lists of such, in rising order without repeats.
std::vector<std::int64_t> parse_lengths(const std::string& option, const std::string& text);

}  // namespace takt::tool
