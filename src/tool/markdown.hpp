// Tables in Markdown, aligned so that they read well as text too.
#pragma once

#include <string>
#include <vector>

namespace takt::tool {

class MarkdownTable {
 public:
  /// Titles; those that begin with "<" are of columns of words, aligned left.
  explicit MarkdownTable(const std::vector<std::string>& titles);
  /// One cell a column.
  void add(const std::vector<std::string>& cells);
  /// The lines, each with its end.
  std::string text() const;

 private:
  std::vector<bool> left_;
  std::vector<std::vector<std::string>> rows_;  // the first one has the titles
};

}  // namespace takt::tool
