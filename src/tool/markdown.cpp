// Tables in Markdown.
#include "tool/markdown.hpp"

#include <algorithm>
#include <cstddef>

namespace takt::tool {
namespace {

/// What a reader sees as one character is one column.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

/// As the text of a cell, on one line.
std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '|') result += '\\';
    result += c == '\n' || c == '\r' ? ' ' : c;
  }
  return result;
}

}  // namespace

MarkdownTable::MarkdownTable(const std::vector<std::string>& titles) {
  rows_.emplace_back();
  for (const std::string& title : titles) {
    left_.push_back(title.starts_with('<'));
    rows_.back().push_back(left_.back() ? title.substr(1) : title);
  }
}

void MarkdownTable::add(const std::vector<std::string>& cells) {
  rows_.emplace_back();
  for (const std::string& cell : cells) rows_.back().push_back(escaped(cell));
}

std::string MarkdownTable::text() const {
  std::vector<std::size_t> widths(left_.size(), 3);
  for (const auto& row : rows_)
    for (std::size_t n = 0; n < widths.size(); ++n)
      widths[n] = std::max(widths[n], width_of(row[n]));
  std::string text;
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    text += "|";
    for (std::size_t n = 0; n < widths.size(); ++n) {
      const std::string space(widths[n] - width_of(rows_[r][n]), ' ');
      text += " " + (left_[n] ? rows_[r][n] + space : space + rows_[r][n]) + " |";
    }
    text += "\n";
    if (r > 0) continue;
    text += "|";
    for (std::size_t n = 0; n < widths.size(); ++n)
      text +=
          left_[n] ? std::string(widths[n] + 2, '-') + "|" : std::string(widths[n] + 1, '-') + ":|";
    text += "\n";
  }
  return text;
}

}  // namespace takt::tool
