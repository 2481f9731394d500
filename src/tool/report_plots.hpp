// The pictures of recorded results.
#pragma once

#include <string>
#include <vector>

#include "tool/report_records.hpp"

namespace takt::tool {

struct ReportPlot {
  std::string name;  ///< "docs/plots/ratio-....svg"
  std::string title;
  std::string script;  ///< of gnuplot
};

/// For each device: takt against a peer over H and B, for each T, of cases without extras, and the
/// growth with T.
std::vector<ReportPlot> report_plots(const Records& records);

/// A list of pictures for a document in docs.
std::string plot_list(const std::vector<ReportPlot>& plots);

/// Pictures that are no files yet.
struct Drawn {
  struct Picture {
    std::string name, text;
  };
  std::vector<Picture> pictures = {};
  std::string complaint = {};  ///< why one could not be drawn; empty where all could
};

/// Draws those that are not there yet as the records give them; writes nothing.
Drawn draw_plots(const std::string& root, const std::vector<ReportPlot>& plots);

/// Writes what was drawn, and removes pictures that no record gives; a line on each.
std::vector<std::string> write_plots(const std::string& root, const std::vector<ReportPlot>& plots,
                                     const Drawn& drawn);

/// A line on each picture that is not what the records give. Needs no gnuplot: a picture ends with
/// a mark that is computed from its script and itself.
std::vector<std::string> check_plots(const std::string& root, const std::vector<ReportPlot>& plots);

}  // namespace takt::tool
