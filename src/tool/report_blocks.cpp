// Documents with generated blocks.
#include "tool/report_blocks.hpp"

#include <algorithm>
#include <optional>
#include <sstream>
#include <string_view>

#include "tool/failure.hpp"
#include "tool/text.hpp"

namespace takt::tool {
namespace {

constexpr std::string_view before_name = "<!-- takt report: ", after_name = " -->",
                           end_of_block = "<!-- end of takt report -->", any_marker = "takt report",
                           comment = "<!--";

/// With their ends of line, so that joined they are the text again.
std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    lines.push_back(text.substr(at, end - at));
    at = end;
  }
  return lines;
}

std::string without_end(std::string line) {
  line.erase(line.find_last_not_of(" \t\r\n") + 1);
  return line;
}

/// The name in the line that begins a block.
std::optional<std::string> block_name(const std::string& line) {
  const std::string text = without_end(line);
  if (!text.starts_with(before_name) || !text.ends_with(after_name) ||
      text.size() <= before_name.size() + after_name.size())
    return std::nullopt;
  return text.substr(before_name.size(), text.size() - before_name.size() - after_name.size());
}

bool looks_like_marker(const std::string& line) {
  return line.find(comment) != std::string::npos && line.find(any_marker) != std::string::npos;
}

class Document {
 public:
  Document(std::string file, const std::string& text, const BlockMakers& makers)
      : file_(std::move(file)), lines_(lines_of(text)), makers_(makers) {}

  std::string made() const {
    std::string text;
    for (std::size_t n = 0; n < lines_.size(); ++n) {
      text += lines_[n];
      if (const auto name = block_name(lines_[n])) {
        const auto maker = makers_.find(*name);
        if (maker == makers_.end()) refuse(n, "no block is named '" + *name + "'; " + known());
        n = end_after(n, *name);
        text += "\n" + maker->second() + "\n" + lines_[n];
      } else if (looks_like_marker(lines_[n])) {
        refuse(n, "'" + without_end(lines_[n]) + "' begins no block; that is '" +
                      std::string(before_name) + "NAME" + std::string(after_name) + "'");
      }
    }
    return text;
  }

 private:
  [[noreturn]] void refuse(std::size_t n, const std::string& sentence) const {
    throw UsageError(file_ + ":" + std::to_string(n + 1) + ": " + sentence);
  }
  std::string known() const {
    std::vector<std::string> names;
    for (const auto& [name, maker] : makers_) names.push_back(name);
    return "it must be one of: " + joined(names);
  }
  /// The line that ends the block that begins in line n.
  std::size_t end_after(std::size_t n, const std::string& name) const {
    for (std::size_t end = n + 1; end < lines_.size(); ++end) {
      if (without_end(lines_[end]) == end_of_block) return end;
      if (looks_like_marker(lines_[end])) break;
    }
    refuse(n, "block '" + name + "' is not closed; '" + std::string(end_of_block) +
                  "' must follow it");
  }

  std::string file_;
  std::vector<std::string> lines_;
  const BlockMakers& makers_;
};

}  // namespace

std::string with_blocks(const std::string& file, const std::string& text,
                        const BlockMakers& makers) {
  return Document(file, text, makers).made();
}

std::string first_difference(const std::string& file, const std::string& old,
                             const std::string& made) {
  if (old == made) return "";
  const std::vector<std::string> has = lines_of(old), gives = lines_of(made);
  std::size_t n = 0;
  std::string block;
  for (; n < has.size() && n < gives.size() && has[n] == gives[n]; ++n) {
    if (const auto name = block_name(has[n])) block = " in block '" + *name + "'";
    if (without_end(has[n]) == end_of_block) block.clear();
  }
  const auto shown = [n](const std::vector<std::string>& lines) {
    return n < lines.size() ? "'" + without_end(lines[n]) + "'" : std::string("nothing more");
  };
  return file + ":" + std::to_string(n + 1) + block + ": the file has " + shown(has) +
         ", the records give " + shown(gives);
}

}  // namespace takt::tool
