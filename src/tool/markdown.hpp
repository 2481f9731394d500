// Markdown: texts of strangers in it, and tables, aligned so that they read well as text too.
#pragma once

#include <string>
#include <vector>

namespace takt::tool {

/// Any text as it is, on one line, in a paragraph, a cell or a title: control characters are
/// spaces, and nothing is markup.
std::string markdown_text(const std::string& text);

/// In a code span; one that would not show it as it is, as `markdown_text`.
std::string markdown_code(const std::string& text);

class MarkdownTable {
 public:
  /// Titles, in Markdown; those that begin with "<" are of columns of words, aligned left.
  explicit MarkdownTable(const std::vector<std::string>& titles);
  /// One cell a column, in Markdown on one line.
  void add(const std::vector<std::string>& cells);
  /// The lines, each with its end.
  std::string text() const;

 private:
  std::vector<bool> left_;
  std::vector<std::vector<std::string>> rows_;  // the first one has the titles
};

}  // namespace takt::tool
