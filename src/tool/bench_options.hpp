// What takt bench is asked to measure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "peer.hpp"
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
  bool from_list() const { return !shapes_file_.empty(); }

  /// What takt is measured against on this device. Throws UsageError for a library that is not here
  /// or runs elsewhere.
  std::vector<const bench::PeerLibrary*> peers(const Device& device) const;

  std::string json_path() const;  ///< "-" for stdout
  std::string svg_path() const { return in_folder("scaling.svg"); }
  double seconds() const { return seconds_; }
  /// Whether one is to be drawn. Not unasked where there is no file of figures to lie beside.
  bool plot() const { return plot_ && (folder_ || !json_.to_stdout()); }
  /// Whether a plot in the place of ours would belong to older figures.
  bool replaces_plot() const { return plot() || !json_.asked(); }
  const DeviceOptions& device() const { return device_; }
  const JsonOption& json() const { return json_; }

 private:
  void add_problem(CLI::App& app);
  void check_apart() const;
  std::string in_folder(const std::string& name) const;
  std::vector<bench::Shape> listed_shapes() const;

  DeviceOptions device_;
  JsonOption json_;
  bench::Shape shape_{.H = 64};
  std::optional<std::int64_t> input_;  // none: H
  std::vector<std::int64_t> batches_{1, 16};
  std::vector<std::int64_t> lengths_;
  std::vector<CLI::Option*> problem_;  // those that a list replaces
  // For every case of a list.
  CLI::Option *type_option_ = nullptr, *mode_option_ = nullptr, *algorithm_option_ = nullptr;
  std::string shapes_file_;
  std::vector<const bench::PeerLibrary*> peers_;
  std::optional<std::string> folder_;
  bool input_product_ = true;
  double seconds_ = 0.5;
  bool plot_ = true;
};

}  // namespace takt::tool
