// What a file of ours must have.
#include "loaded_file.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "failure.hpp"

namespace language_model {
namespace {

std::string say(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (const std::int64_t extent : shape)
    text += (text.empty() ? "[" : ",") + std::to_string(extent);
  return text.empty() ? "[]" : text + "]";
}

}  // namespace

bool is_finite(const Tensor& tensor) {
  return std::ranges::all_of(tensor.values, [](double value) {
    return std::fabs(value) <= std::numeric_limits<float>::max();
  });
}

LoadedFile::LoadedFile(const std::string& what, const std::string& path, const std::string& kind)
    : name_(what + " '" + path + "'"), file_(read_safetensors(what, path)) {
  const auto found = file_.metadata.find("format");
  if (found == file_.metadata.end() || found->second != kind)
    refuse((found == file_.metadata.end() ? "has no 'format' in its metadata"
                                          : "has the 'format' '" + found->second + "'") +
           "; it must be '" + kind + "'");
}

void LoadedFile::refuse(const std::string& why) const {
  throw UsageError(name_ + " " + why);
}

const std::string& LoadedFile::text(const std::string& key) const {
  const auto found = file_.metadata.find(key);
  if (found == file_.metadata.end()) refuse("does not say its '" + key + "'");
  return found->second;
}

std::int64_t LoadedFile::count(const std::string& key, std::int64_t least,
                               std::int64_t most) const {
  std::int64_t number = 0;
  read(key, number);
  if (number < least || number > most)
    refuse("says that '" + key + "' is " + std::to_string(number) + "; it must be between " +
           std::to_string(least) + " and " + std::to_string(most));
  return number;
}

const Tensor& LoadedFile::tensor(const std::string& name) const {
  const auto found = file_.tensors.find(name);
  if (found == file_.tensors.end()) refuse("has no tensor '" + name + "'");
  if (!is_finite(found->second))
    refuse("has tensor '" + name + "' with values that are not finite in f32");
  return found->second;
}

const std::vector<double>& LoadedFile::values(const std::string& name,
                                              const std::vector<std::int64_t>& shape) const {
  const Tensor& tensor = this->tensor(name);
  if (tensor.shape != shape)
    refuse("has tensor '" + name + "' of shape " + say(tensor.shape) + "; its sizes need " +
           say(shape));
  return tensor.values;
}

}  // namespace language_model
