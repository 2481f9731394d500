// Text for people: numbers with units, and tables that grow line by line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace takt::tool {

/// printf into a string.
__attribute__((format(printf, 1, 2))) std::string format(const char* form, ...);

/// "1.23 ms", "45.6 s".
std::string with_time_unit(double seconds);
/// "0.50 KiB", "1.50 GiB".
std::string with_byte_unit(double bytes);
/// "3.12 M", for what is counted.
std::string with_prefix(double value);
/// "1.19e-07", "nan", "0".
std::string error_text(double error);
/// "61 %" of a share of 0.61; "1.2e+03 x" of 1200.
std::string percent(double share);

std::string joined(const std::vector<std::string>& words, const char* between = ", ");

/// Lines of equal columns. A column is as wide as its title or as said, whichever is more.
class Table {
 public:
  struct Column {
    std::string title;
    std::size_t width = 0;
    bool left = false;
  };
  explicit Table(std::vector<Column> columns);
  /// Makes columns at least as wide as these cells.
  void widen(const std::vector<std::string>& cells);

  std::string header() const;
  /// One cell a column.
  std::string row(const std::vector<std::string>& cells) const;

 private:
  std::vector<Column> columns_;
};

}  // namespace takt::tool
