// Markdown.
#include "tool/markdown.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace takt::tool {
namespace {

/// What a reader sees as one character is one column.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
}

}  // namespace

std::string markdown_text(const std::string& text) {
  constexpr std::string_view with_backslash = "\\|[]`*";
  std::string result;
  for (const char c : text) {
    if (is_control(c))
      result += ' ';
    else if (c == '<' || c == '>' ||
             c == '&')  // no comment may begin, also for who reads no markup
      result += c == '<' ? "&lt;" : c == '>' ? "&gt;" : "&amp;";
    else
      result += (with_backslash.find(c) == std::string_view::npos ? "" : "\\") + std::string(1, c);
  }
  return result;
}

std::string markdown_code(const std::string& text) {
  const bool is_plain = std::none_of(text.begin(), text.end(), is_control) &&
                        text.find_first_of("|<`") == std::string::npos;
  return is_plain ? "`" + text + "`" : markdown_text(text);
}

MarkdownTable::MarkdownTable(const std::vector<std::string>& titles) {
  rows_.emplace_back();
  for (const std::string& title : titles) {
    left_.push_back(title.starts_with('<'));
    rows_.back().push_back(left_.back() ? title.substr(1) : title);
  }
}

void MarkdownTable::add(const std::vector<std::string>& cells) {
  rows_.push_back(cells);
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
