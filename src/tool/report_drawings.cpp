// Pictures of recorded results as files.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "plot.hpp"
#include "tool/file.hpp"
#include "tool/report_plots.hpp"
#include "tool/text.hpp"

namespace takt::tool {
namespace {

namespace fs = std::filesystem;

constexpr const char* plots_folder = "docs/plots";
constexpr std::string_view before_mark = "<!-- takt report: ";

/// What a picture ends with: an FNV-1a hash of its script and of itself.
std::string mark_of(const std::string& script, const std::string& svg) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::string* text : {&script, &svg})
    for (const char c : *text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return std::string(before_mark) + format("%016llx", static_cast<unsigned long long>(hash)) +
         " -->\n";
}

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

bool is_drawn_from(const std::string& text, const std::string& script) {
  const std::size_t mark = text.rfind(before_mark);
  return mark != std::string::npos && text.substr(mark) == mark_of(script, text.substr(0, mark));
}

/// Pictures of this command that are not among those.
std::set<std::string> left_over(const fs::path& root, const std::vector<ReportPlot>& plots) {
  std::set<std::string> names;
  if (!fs::is_directory(root / plots_folder)) return names;
  for (const auto& entry : fs::directory_iterator(root / plots_folder))
    if (entry.path().extension() == ".svg" &&
        contents(entry.path()).find(before_mark) != std::string::npos)
      names.insert(std::string(plots_folder) + "/" + entry.path().filename().string());
  for (const ReportPlot& plot : plots) names.erase(plot.name);
  return names;
}

}  // namespace

Drawn draw_plots(const std::string& root, const std::vector<ReportPlot>& plots) {
  Drawn drawn;
  for (const ReportPlot& plot : plots) {
    if (is_drawn_from(contents(fs::path(root) / plot.name), plot.script)) continue;
    const bench::Drawing drawing = bench::draw(plot.script);
    if (!drawing.gnuplot_found)
      return {.complaint = "gnuplot was not found (Debian: apt-get install gnuplot-nox)"};
    if (drawing.svg.empty())
      return {.complaint = "gnuplot failed on " + plot.name + ": " + drawing.complaint};
    drawn.pictures.push_back({plot.name, drawing.svg + mark_of(plot.script, drawing.svg)});
  }
  return drawn;
}

std::vector<std::string> write_plots(const std::string& root, const std::vector<ReportPlot>& plots,
                                     const Drawn& drawn) {
  std::vector<std::string> lines;
  for (const Drawn::Picture& picture : drawn.pictures) {
    const fs::path path = fs::path(root) / picture.name;
    fs::create_directories(path.parent_path());
    write_file(path, picture.text);
    lines.push_back("wrote " + picture.name);
  }
  for (const std::string& name : left_over(root, plots))
    if (remove_file(fs::path(root) / name)) lines.push_back("removed " + name);
  return lines;
}

std::vector<std::string> check_plots(const std::string& root,
                                     const std::vector<ReportPlot>& plots) {
  std::vector<std::string> lines;
  for (const std::string& name : left_over(root, plots))
    lines.push_back(name + ": no record gives this picture");
  for (const ReportPlot& plot : plots) {
    const fs::path path = fs::path(root) / plot.name;
    if (!fs::exists(path))
      lines.push_back(plot.name + ": is missing");
    else if (!is_drawn_from(contents(path), plot.script))
      lines.push_back(plot.name + ": is not what the records give");
  }
  return lines;
}

}  // namespace takt::tool
