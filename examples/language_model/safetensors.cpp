// The safetensors format.
#include "safetensors.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "failure.hpp"
#include "file.hpp"

namespace language_model {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

using Json = nlohmann::json;

constexpr std::size_t length_bytes = 8;
constexpr std::uint64_t most_header_bytes = 100'000'000;  // the format's own limit
constexpr const char* metadata_key = "__metadata__";

template <class Real>
void append(std::string& data, const std::vector<double>& values) {
  for (const double value : values) {
    const Real real = static_cast<Real>(value);
    data.append(reinterpret_cast<const char*>(&real), sizeof real);
  }
}

template <class Real>
std::vector<double> elements(const char* data, std::size_t size) {
  std::vector<Real> reals(size);
  if (size > 0) std::memcpy(reals.data(), data, size * sizeof(Real));
  return {reals.begin(), reals.end()};
}

/// Watches a header while it is parsed: a parser alone takes the last of equal names, and any
/// depth.
class HeaderRules {
 public:
  bool operator()(int depth, Json::parse_event_t event, const Json& parsed) {
    constexpr int deepest = 3;  // the elements of a tensor's list
    if (depth > deepest && why_.empty()) why_ = "its header is nested too deeply";
    if (event == Json::parse_event_t::key && !names_.emplace(depth, parsed).second && why_.empty())
      why_ = "its header has " + parsed.dump() + " twice";
    if (event == Json::parse_event_t::object_end)
      names_.erase(names_.lower_bound({depth + 1, ""}), names_.end());
    return true;
  }
  /// What was found, or nothing.
  const std::string& why() const { return why_; }

 private:
  std::set<std::pair<int, std::string>> names_;  // of the objects that are open, with their depths
  std::string why_;
};

/// Reads one file, or refuses it.
class Reader {
 public:
  Reader(const std::string& what, const std::string& path)
      : name_(what + " '" + path + "'"), contents_(read_file(what, path)) {}

  TensorFile read() {
    const Json header = read_header();
    TensorFile file;
    std::vector<std::pair<std::size_t, std::size_t>> places;
    for (const auto& [name, entry] : header.items())
      if (name == metadata_key)
        file.metadata = read_metadata(entry);
      else
        file.tensors[name] = read_tensor(name, entry, places);
    check_places(places);
    return file;
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw UsageError(name_ + " is no safetensors file, or a damaged one: " + why);
  }

  Json read_header() {
    if (contents_.size() < length_bytes)
      refuse("it has " + std::to_string(contents_.size()) +
             " bytes, fewer than the 8 that say how "
             "long its header is");
    std::uint64_t length = 0;
    std::memcpy(&length, contents_.data(), length_bytes);
    if (length > contents_.size() - length_bytes)
      refuse("its header would have " + std::to_string(length) + " bytes, more than the file");
    if (length > most_header_bytes)
      refuse("its header has " + std::to_string(length) + " bytes; it may have " +
             std::to_string(most_header_bytes));
    start_ = length_bytes + static_cast<std::size_t>(length);
    HeaderRules rules;
    Json header = Json::parse(
        contents_.begin() + length_bytes, contents_.begin() + static_cast<std::ptrdiff_t>(start_),
        [&rules](int depth, Json::parse_event_t event, const Json& parsed) {
          return rules(depth, event, parsed);
        },
        /*allow_exceptions=*/false);
    if (!header.is_object() || contents_[length_bytes] != '{')
      refuse("its header is not a JSON object");
    if (!rules.why().empty()) refuse(rules.why());
    return header;
  }

  std::map<std::string, std::string> read_metadata(const Json& entry) const {
    std::map<std::string, std::string> metadata;
    if (!entry.is_object()) refuse("its metadata are not a JSON object");
    for (const auto& [key, value] : entry.items()) {
      if (!value.is_string()) refuse("its metadata '" + key + "' is not a string");
      metadata[key] = value.get<std::string>();
    }
    return metadata;
  }

  /// Whole numbers that are not negative.
  std::vector<std::int64_t> read_numbers(const std::string& name, const Json& entry,
                                         const char* key) const {
    if (!entry.is_object() || !entry.contains(key) || !entry[key].is_array())
      refuse("tensor '" + name + "' has no list '" + key + "'");
    std::vector<std::int64_t> numbers;
    for (const Json& value : entry[key]) {
      if (!value.is_number_unsigned() || value.get<std::uint64_t>() >> 62 != 0)
        refuse("'" + std::string(key) + "' of tensor '" + name + "' has " + value.dump());
      numbers.push_back(value.get<std::int64_t>());
    }
    return numbers;
  }

  takt::DataType read_type(const std::string& name, const Json& entry) const {
    const Json dtype = entry.is_object() ? entry.value("dtype", Json()) : Json();
    if (dtype == "F32") return takt::DataType::f32;
    if (dtype == "F64") return takt::DataType::f64;
    throw UsageError(name_ + " has tensor '" + name + "' of type " + dtype.dump() +
                     "; it must be F32 or F64");
  }

  Tensor read_tensor(const std::string& name, const Json& entry,
                     std::vector<std::pair<std::size_t, std::size_t>>& places) const {
    Tensor tensor{
        .type = read_type(name, entry), .shape = read_numbers(name, entry, "shape"), .values = {}};
    const std::vector<std::int64_t> offsets = read_numbers(name, entry, "data_offsets");
    const auto data_bytes = static_cast<std::int64_t>(contents_.size() - start_);
    if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data_bytes)
      refuse("tensor '" + name + "' reaches past the end of the file");
    auto size = static_cast<std::int64_t>(takt::size_of(tensor.type));
    for (const std::int64_t extent : tensor.shape)
      if (__builtin_mul_overflow(size, extent, &size))
        refuse("tensor '" + name + "' has a shape of more than 2^63 bytes");
    if (offsets[1] - offsets[0] != size)
      refuse("tensor '" + name + "' has " + std::to_string(offsets[1] - offsets[0]) +
             " bytes, which is not what its shape needs");
    const char* data = contents_.data() + start_ + offsets[0];
    const auto count = static_cast<std::size_t>(size) / takt::size_of(tensor.type);
    tensor.values = tensor.type == takt::DataType::f32 ? elements<float>(data, count)
                                                       : elements<double>(data, count);
    places.emplace_back(offsets[0], offsets[1]);
    return tensor;
  }

  /// Tensors lie one after the other, up to the end of the file.
  void check_places(std::vector<std::pair<std::size_t, std::size_t>> places) const {
    std::sort(places.begin(), places.end());
    std::size_t end = 0;
    for (const auto& [first, last] : places) {
      if (first != end) refuse("its tensors overlap or leave gaps");
      end = last;
    }
    if (end != contents_.size() - start_) refuse("it is longer than its tensors");
  }

  std::string name_, contents_;
  std::size_t start_ = 0;  // of the elements
};

}  // namespace

std::string safetensors_of(const TensorFile& file) {
  Json header = Json::object();
  header[metadata_key] = file.metadata;
  std::string data;
  // The wider type first, so that every tensor starts at a multiple of its elements' size.
  for (const takt::DataType type : {takt::DataType::f64, takt::DataType::f32})
    for (const auto& [name, tensor] : file.tensors) {
      if (tensor.type != type) continue;
      const std::size_t start = data.size();
      type == takt::DataType::f32 ? append<float>(data, tensor.values)
                                  : append<double>(data, tensor.values);
      header[name] = {{"dtype", type == takt::DataType::f32 ? "F32" : "F64"},
                      {"shape", tensor.shape},
                      {"data_offsets", {start, data.size()}}};
    }
  std::string text = header.dump();
  text.append(length_bytes - text.size() % length_bytes, ' ');  // so that elements are aligned
  const std::uint64_t length = text.size();
  std::string contents(reinterpret_cast<const char*>(&length), length_bytes);
  return contents + text + data;
}

void write_safetensors(const std::string& path, const TensorFile& file) {
  replace_file(path, safetensors_of(file));
}

TensorFile read_safetensors(const std::string& what, const std::string& path) {
  return Reader(what, path).read();
}

}  // namespace language_model
