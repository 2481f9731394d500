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

/// For each device: takt against a peer over H and B, of cases without extras, and the growth with
/// T.
std::vector<ReportPlot> report_plots(const Records& records);

/// A list of pictures for a document in docs.
std::string plot_list(const std::vector<ReportPlot>& plots);

/// Draws those that are not there yet as the records give them, and removes those that no record
/// gives; a line on each thing done, and on what could not be drawn.
std::vector<std::string> draw_plots(const std::string& root, const std::vector<ReportPlot>& plots);

/// A line on each picture that is not what the records give. Needs no gnuplot: a picture ends with
/// a mark that is computed from its script and itself.
std::vector<std::string> check_plots(const std::string& root, const std::vector<ReportPlot>& plots);

}  // namespace takt::tool
