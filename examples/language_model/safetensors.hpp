// Files of named tensors in the safetensors format, which other tools read too: the length of a
// header (8 bytes, the lowest first), the header (JSON, spaces behind it), the elements.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <takt/types.hpp>

namespace language_model {

struct Tensor {
  takt::DataType type = takt::DataType::f32;  ///< in the file: f32 or f64
  std::vector<std::int64_t> shape;
  std::vector<double> values;  ///< row-major
};

struct TensorFile {
  std::map<std::string, std::string> metadata;
  std::map<std::string, Tensor> tensors;
};

/// The bytes of such a file.
std::string safetensors_of(const TensorFile& file);
/// Replaces the file as `replace_file` does.
void write_safetensors(const std::string& path, const TensorFile& file);

/// `what` is what messages call the file. Throws UsageError, naming the file and the reason, for
/// one that cannot be read, is cut short, is no such file, or holds other types than f32 and f64.
TensorFile read_safetensors(const std::string& what, const std::string& path);

}  // namespace language_model
