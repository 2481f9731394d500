// The protobuf wire format, and the fields of onnx.proto by number.
#include "onnx_reader.hpp"

#include <bit>
#include <cstring>
#include <fstream>
#include <iterator>

static_assert(std::endian::native == std::endian::little, "raw_data is read as it lies");

namespace takt::onnx {
namespace {

enum class Wire : unsigned char { varint = 0, eight_bytes = 1, counted = 2, four_bytes = 5 };

/// A field as it stands: a number, or bytes (of four_bytes and eight_bytes too).
struct Field {
  std::uint64_t key = 0;
  Wire wire = Wire::varint;
  std::uint64_t number = 0;
  Bytes bytes;
};

/// Walks over the fields of a message.
class Fields {
 public:
  explicit Fields(Bytes message) : rest_(message) {}

  bool next(Field& field) {
    if (rest_.empty()) return false;
    const std::uint64_t tag = varint();
    field = {.key = tag >> 3, .wire = static_cast<Wire>(tag & 7), .number = 0, .bytes = {}};
    if (field.key == 0) throw ReadError("a field has the number 0");
    switch (field.wire) {
      case Wire::varint: field.number = varint(); break;
      case Wire::eight_bytes: field.bytes = take(8); break;
      case Wire::counted: field.bytes = take(varint()); break;
      case Wire::four_bytes: field.bytes = take(4); break;
      default: throw ReadError("a field has wire type " + std::to_string(tag & 7));
    }
    return true;
  }

  bool done() const { return rest_.empty(); }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint64_t byte = take(1)[0];
      if (shift == 63 && byte > 1) break;
      value |= (byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    throw ReadError("a number has more than 64 bits");
  }

  Bytes take(std::uint64_t count) {
    if (count > rest_.size())
      throw ReadError("the file ends " + std::to_string(count - rest_.size()) +
                      " bytes before a field does");
    const Bytes taken = rest_.first(static_cast<std::size_t>(count));
    rest_ = rest_.subspan(static_cast<std::size_t>(count));
    return taken;
  }

 private:
  Bytes rest_;
};

void expect(const Field& field, Wire wire) {
  if (field.wire != wire)
    throw ReadError("field " + std::to_string(field.key) + " has wire type " +
                    std::to_string(static_cast<int>(field.wire)));
}

std::string text(const Field& field) {
  expect(field, Wire::counted);
  return {field.bytes.begin(), field.bytes.end()};
}

Bytes message(const Field& field) {
  expect(field, Wire::counted);
  return field.bytes;
}

std::int64_t integer(const Field& field) {
  expect(field, Wire::varint);
  return static_cast<std::int64_t>(field.number);
}

template <class Element>
Element element(const unsigned char* from) {
  Element value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <class Element, class To>
void append_elements(Bytes bytes, std::vector<To>& to) {
  if (bytes.size() % sizeof(Element) != 0)
    throw ReadError(std::to_string(bytes.size()) + " bytes are not whole elements of " +
                    std::to_string(sizeof(Element)));
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(Element))
    to.push_back(static_cast<To>(element<Element>(bytes.data() + at)));
}

/// Numbers of a repeated field, one by one or packed.
template <class To>
void append_integers(const Field& field, std::vector<To>& to) {
  if (field.wire == Wire::varint) {
    to.push_back(static_cast<To>(static_cast<std::int64_t>(field.number)));
    return;
  }
  for (Fields packed(message(field)); !packed.done();)
    to.push_back(static_cast<To>(static_cast<std::int64_t>(packed.varint())));
}

template <class Element>
void append_floats(const Field& field, std::vector<double>& to) {
  const Wire one = sizeof(Element) == 4 ? Wire::four_bytes : Wire::eight_bytes;
  append_elements<Element>(field.wire == one ? field.bytes : message(field), to);
}

void append_raw(std::int64_t data_type, Bytes raw, std::vector<double>& to) {
  switch (data_type) {
    case 1: return append_elements<float>(raw, to);
    case 6: return append_elements<std::int32_t>(raw, to);
    case 7: return append_elements<std::int64_t>(raw, to);
    case 11: return append_elements<double>(raw, to);
    default: throw ReadError("a tensor has the data type " + std::to_string(data_type));
  }
}

void check_count(const Tensor& tensor) {
  std::int64_t count = 1;
  for (const std::int64_t dim : tensor.dims) {
    if (dim < 0 || __builtin_mul_overflow(count, dim, &count))
      throw ReadError("tensor '" + tensor.name + "' has a dimension of " + std::to_string(dim));
  }
  if (static_cast<std::uint64_t>(count) != tensor.values.size())
    throw ReadError("tensor '" + tensor.name + "' has " + std::to_string(tensor.values.size()) +
                    " values; its dimensions say " + std::to_string(count));
}

Attribute read_attribute(Bytes bytes, std::string& name) {
  Attribute attribute;
  Fields fields(bytes);
  for (Field field; fields.next(field);) {
    switch (field.key) {
      case 1: name = text(field); break;
      case 2:
        expect(field, Wire::four_bytes);
        attribute.f = static_cast<double>(element<float>(field.bytes.data()));
        break;
      case 3: attribute.i = integer(field); break;
      case 4: attribute.s = text(field); break;
      case 7: append_floats<float>(field, attribute.floats); break;
      case 8: append_integers(field, attribute.ints); break;
      case 9: attribute.strings.push_back(text(field)); break;
      default: break;
    }
  }
  return attribute;
}

Node read_node(Bytes bytes) {
  Node node;
  Fields fields(bytes);
  for (Field field; fields.next(field);) {
    switch (field.key) {
      case 1: node.inputs.push_back(text(field)); break;
      case 2: node.outputs.push_back(text(field)); break;
      case 4: node.op_type = text(field); break;
      case 5: {
        std::string name;
        Attribute attribute = read_attribute(message(field), name);
        node.attributes.insert_or_assign(std::move(name), std::move(attribute));
        break;
      }
      default: break;
    }
  }
  return node;
}

/// The name of a ValueInfoProto.
std::string read_name(Bytes bytes) {
  std::string name;
  Fields fields(bytes);
  for (Field field; fields.next(field);) {
    if (field.key == 1) name = text(field);
  }
  return name;
}

Graph read_graph(Bytes bytes) {
  Graph graph;
  Fields fields(bytes);
  for (Field field; fields.next(field);) {
    switch (field.key) {
      case 1: graph.nodes.push_back(read_node(message(field))); break;
      case 5: graph.initializers.push_back(read_tensor(message(field))); break;
      case 11: graph.inputs.push_back(read_name(message(field))); break;
      case 12: graph.outputs.push_back(read_name(message(field))); break;
      default: break;
    }
  }
  return graph;
}

}  // namespace

Tensor read_tensor(Bytes file) {
  Tensor tensor;
  std::int64_t data_type = 0;
  Bytes raw;
  Fields fields(file);
  for (Field field; fields.next(field);) {
    switch (field.key) {
      case 1: append_integers(field, tensor.dims); break;
      case 2: data_type = integer(field); break;
      case 4: append_floats<float>(field, tensor.values); break;
      case 5:
      case 7: append_integers(field, tensor.values); break;
      case 8: tensor.name = text(field); break;
      case 9: raw = message(field); break;
      case 10: append_floats<double>(field, tensor.values); break;
      case 14:
        if (integer(field) != 0) throw ReadError("a tensor's data lie in another file");
        break;
      default: break;
    }
  }
  append_raw(data_type, raw, tensor.values);
  check_count(tensor);
  return tensor;
}

Graph read_model(Bytes file) {
  Graph graph;
  bool found = false;
  Fields fields(file);
  for (Field field; fields.next(field);) {
    if (field.key != 7) continue;
    if (found) throw ReadError("a model has two graphs");
    graph = read_graph(message(field));
    found = true;
  }
  if (!found) throw ReadError("a model has no graph");
  return graph;
}

std::vector<unsigned char> read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw ReadError(path + " cannot be opened");
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

}  // namespace takt::onnx
