// A safetensors file of a kind of ours: numbers from its metadata, tensors of known shapes, and
// refusals in its name.
#pragma once

#include <charconv>
#include <cstdint>
#include <map>
#include <string>
#include <type_traits>
#include <vector>

#include "safetensors.hpp"

namespace language_model {

/// A number, as it is read again exactly.
template <class Number>
std::string text_of(Number number) {
  if constexpr (std::is_same_v<Number, bool>)
    return number ? "1" : "0";
  else {
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, number).ptr};
  }
}

/// Whether every value is finite as a float.
bool is_finite(const Tensor& tensor);

/// A file as it was read. All members throw UsageError: a sentence that names the file and what is
/// wrong with it.
class LoadedFile {
 public:
  /// `what` is what messages call it, `kind` what its metadata must give as "format".
  LoadedFile(const std::string& what, const std::string& path, const std::string& kind);

  [[noreturn]] void refuse(const std::string& why) const;

  const std::string& text(const std::string& key) const;

  /// A whole number from `least` to `most`.
  std::int64_t count(const std::string& key, std::int64_t least, std::int64_t most) const;

  template <class Number>
  void read(const std::string& key, Number& number) const {
    const std::string& digits = text(key);
    std::conditional_t<std::is_same_v<Number, bool>, int, Number> value{};
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (result.ec != std::errc() || result.ptr != digits.data() + digits.size())
      refuse("says that its '" + key + "' is '" + digits + "', which is no such number");
    number = static_cast<Number>(value);
  }

  /// A tensor that must be there, and finite.
  const Tensor& tensor(const std::string& name) const;
  /// The values of one that must have this shape.
  const std::vector<double>& values(const std::string& name,
                                    const std::vector<std::int64_t>& shape) const;
  const std::map<std::string, Tensor>& tensors() const { return file_.tensors; }

 private:
  std::string name_;
  TensorFile file_;
};

}  // namespace language_model
