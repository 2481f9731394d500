// Lists of shapes.
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string_view>

#include <takt/cells.hpp>

#include "escape.hpp"
#include "shape.hpp"
#include "words.hpp"

namespace takt::bench {
namespace {

constexpr std::array<const char*, 7> columns = {"cell", "type", "T", "B", "I", "H", "mode"};
constexpr std::string_view absent_word = "may-be-absent";
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";  // what some editors begin UTF-8 with

struct Word {
  std::string text;
  std::size_t column = 0;  // from 1
};

std::vector<Word> words_of(const std::string& line) {
  std::vector<Word> words;
  const std::size_t end = std::min(line.find('#'), line.size());
  for (std::size_t at = 0; at < end;) {
    const std::size_t start = line.find_first_not_of(" \t\r", at);
    if (start >= end) break;
    at = std::min(line.find_first_of(" \t\r", start), end);
    words.push_back({line.substr(start, at - start), start + 1});
  }
  return words;
}

/// Reads one line of a list and refuses in its name.
class Line {
 public:
  Line(std::string place, const std::string& text)
      : place_(std::move(place)), words_(words_of(text)), end_(text.size() + 1) {}

  bool empty() const { return words_.empty(); }

  Shape shape() const {
    if (words_.size() < columns.size())
      refuse(end_, std::string("'") + columns[words_.size()] + "' is missing; a line is " + form());
    Shape shape{.cell = cell(), .may_be_absent = may_be_absent()};
    if (!set_precision(shape, words_[1].text)) refuse_word(1, "one of: " + all_precisions());
    shape.T = size(2);
    shape.B = size(3);
    shape.I = size(4);
    shape.H = size(5);
    shape.timed = timed();
    for (std::size_t n = columns.size(); n < words_.size(); ++n) add_extra(n, shape);
    return shape;
  }

 private:
  [[noreturn]] void refuse(std::size_t column, const std::string& sentence) const {
    throw ShapeError(place_ + ":" + std::to_string(column) + ": " + sentence);
  }
  [[noreturn]] void refuse_word(std::size_t n, const std::string& what) const {
    refuse(words_[n].column, std::string("'") + columns[n] + "' is '" + escaped(words_[n].text) +
                                 "'; it must be " + what);
  }
  static std::string form() {
    std::string text;
    for (const char* column : columns) text += (text.empty() ? "" : " ") + std::string(column);
    return text;
  }

  std::string cell() const {
    std::string known;
    for (const CellInfo& cell : known_cells()) {
      if (cell.name == words_[0].text) return words_[0].text;
      known += (known.empty() ? "" : ", ") + std::string(cell.name);
    }
    if (!may_be_absent()) refuse_word(0, "one of: " + known);
    const std::string& absent = words_[0].text;
    const bool is_name = std::all_of(absent.begin(), absent.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
    if (!is_name) refuse_word(0, "a name of small letters, digits and _");
    return absent;
  }
  bool may_be_absent() const {
    return std::any_of(words_.begin(), words_.end(),
                       [](const Word& word) { return word.text == absent_word; });
  }
  Timed timed() const {
    if (const auto found = find_word<Timed>(words_[6].text)) return *found;
    refuse_word(6, "one of: " + all_words<Timed>());
  }
  /// T may be anything; the other sizes are what BLAS takes.
  std::int64_t size(std::size_t n) const {
    const std::int64_t most = *columns[n] == 'T' ? std::numeric_limits<std::int64_t>::max()
                                                 : std::numeric_limits<std::int32_t>::max();
    const auto value = number(words_[n].text, most);
    if (!value) refuse_word(n, "a whole number between 1 and " + std::to_string(most));
    return *value;
  }
  static std::optional<std::int64_t> number(std::string_view text, std::int64_t most) {
    std::int64_t value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = result.ec == std::errc() && result.ptr == text.data() + text.size();
    return whole && value >= 1 && value <= most ? std::optional(value) : std::nullopt;
  }

  /// One of the words behind the columns, each once.
  void add_extra(std::size_t n, Shape& shape) const {
    const std::string& word = words_[n].text;
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals),
                      value = equals == std::string::npos ? "" : word.substr(equals + 1);
    for (std::size_t m = columns.size(); m < n; ++m)
      if (words_[m].text.substr(0, words_[m].text.find('=')) == name)
        refuse(words_[n].column, "'" + escaped(name) + "' is there twice");
    const auto whole = [&](std::int64_t most) {
      const auto found = number(value, most);
      if (!found)
        refuse(words_[n].column, "'" + name + "' is '" + escaped(value) +
                                     "'; it must be a whole number between 1 and " +
                                     std::to_string(most));
      return *found;
    };
    constexpr std::int64_t most_int = std::numeric_limits<std::int32_t>::max();
    if (name == "layers")
      shape.layers = static_cast<int>(whole(most_int));
    else if (name == "projection")
      shape.projection = whole(shape.H);
    else if (name == "heads")
      shape.heads = static_cast<int>(whole(most_int));
    else if (name == "algorithm")
      shape.algorithm = algorithm(n, value);
    else if (name == "lengths")
      shape.lengths = lengths(n, value, shape.T);
    else if (word == absent_word)
      return;  // the cell was read by it
    else if (word == to_string(Direction::bidirectional))
      shape.direction = Direction::bidirectional;
    else if (word == to_string(InputMode::precomputed))
      shape.input = precomputed(n, shape);
    else
      refuse(words_[n].column, "'" + escaped(word) +
                                   "' must be one of: layers=N, bidirectional, projection=N, "
                                   "heads=N, lengths=uniform, lengths=zipf, precomputed, "
                                   "algorithm=WORD, may-be-absent; a line is " +
                                   form() + ", then any of these");
  }
  /// A word; which there are, Plan says.
  std::string algorithm(std::size_t n, const std::string& value) const {
    const bool is_word = !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || c == '_';
    });
    if (!is_word)
      refuse(words_[n].column, "'algorithm' is '" + escaped(value) +
                                   "'; it must be a word of takt explain, such as step or cluster");
    return value;
  }
  /// x is W x: rows of all gates.
  InputMode precomputed(std::size_t n, const Shape& shape) const {
    const std::int64_t rows = without_input_product(shape).I;
    if (shape.I != rows)
      refuse(words_[n].column,
             "'precomputed' is given, so I must be G*H = " + std::to_string(rows));
    return InputMode::precomputed;
  }
  Lengths lengths(std::size_t n, const std::string& value, std::int64_t T) const {
    constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
    for (const Lengths drawn : {Lengths::uniform, Lengths::zipf}) {
      if (value != to_string(drawn)) continue;
      if (T > most)
        refuse(words_[n].column,
               "'lengths' is given, so T must be at most " + std::to_string(most));
      return drawn;
    }
    refuse(words_[n].column,
           "'lengths' is '" + escaped(value) + "'; it must be one of: uniform, zipf");
  }

  std::string place_;
  std::vector<Word> words_;
  std::size_t end_;
};

/// Throws for what cannot be read or does not end.
std::string contents_of(const std::string& path) {
  constexpr std::size_t most_bytes = 1 << 22;
  std::ifstream file(path);
  std::string contents;
  char part[4096];
  while (file && contents.size() <= most_bytes) {
    file.read(part, sizeof part);
    contents.append(part, static_cast<std::size_t>(file.gcount()));
  }
  if (contents.size() > most_bytes)
    throw ShapeError(path + ": is longer than " + std::to_string(most_bytes) + " bytes");
  if (!file.eof()) throw ShapeError(path + ": cannot be read: " + std::strerror(errno));
  return contents;
}

}  // namespace

bool may_be_absent(const std::string& extras) {
  const std::vector<Word> words = words_of(extras);
  return std::any_of(words.begin(), words.end(),
                     [](const Word& word) { return word.text == absent_word; });
}

Shape read_shape(const std::string& place, const std::string& text) {
  return Line(place, text).shape();
}

std::vector<Shape> read_shapes(const std::string& path) {
  std::istringstream lines(contents_of(path));
  std::vector<Shape> shapes;
  std::string text;
  for (int number = 1; std::getline(lines, text); ++number) {
    if (number == 1 && text.starts_with(byte_order_mark)) text.erase(0, byte_order_mark.size());
    const Line line(path + ":" + std::to_string(number), text);
    if (!line.empty()) shapes.push_back(line.shape());
  }
  if (shapes.empty()) throw ShapeError(path + ": holds no shape; a line is cell type T B I H mode");
  return shapes;
}

}  // namespace takt::bench
