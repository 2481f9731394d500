// Reads what the ONNX node tests need of ModelProto and TensorProto files, and refuses the rest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace takt::onnx {

/// A file that is malformed, or that holds what this reader does not read.
struct ReadError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Tensor {
  std::string name;
  std::vector<std::int64_t> dims;
  /// One value an element, whatever type the file has (float, double, int32 or int64).
  std::vector<double> values;
};

/// The members of an attribute that were in the file.
struct Attribute {
  double f = 0;
  std::int64_t i = 0;
  std::string s;
  std::vector<double> floats;
  std::vector<std::int64_t> ints;
  std::vector<std::string> strings;
};

struct Node {
  std::string op_type;
  std::vector<std::string> inputs;   ///< an empty name is an optional input left out
  std::vector<std::string> outputs;  ///< likewise
  std::map<std::string, Attribute, std::less<>> attributes;
};

/// The graph of a model.
struct Graph {
  std::vector<Node> nodes;
  std::vector<Tensor> initializers;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
};

using Bytes = std::span<const unsigned char>;

/// Both throw ReadError, and read nothing outside `file`.
Graph read_model(Bytes file);
Tensor read_tensor(Bytes file);

std::vector<unsigned char> read_file(const std::string& path);

}  // namespace takt::onnx
