// Arrays: memory with a type and a shape.
#include <takt/array.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

#include <takt/plan.hpp>

#include "arithmetic.hpp"
#include "device.hpp"
#include "random.hpp"
#include "say.hpp"

namespace takt {
namespace {

std::int64_t elements(const std::vector<std::int64_t>& shape, DataType type) {
  if (type > DataType::bf16)
    refuse("Array", "type",
           " is " + number(static_cast<int>(type)) + "; it must be between 0 and " +
               number(static_cast<int>(DataType::bf16)));
  if (type != DataType::f32 && type != DataType::f64)
    unsupported("Array", "type",
                " is " + std::string(to_string(type)) + "; arrays hold f32 or f64 yet");
  bool empty = false;
  for (std::size_t n = 0; n < shape.size(); ++n) {
    if (shape[n] < 0)
      refuse("Array", "shape[" + std::to_string(n) + "]",
             " is " + number(shape[n]) + "; it must be at least 0");
    empty = empty || shape[n] == 0;
  }
  if (empty) return 0;
  try {
    Checked size{1};
    for (const std::int64_t extent : shape) size = size * Checked{extent};
    // With room to round up to whole pieces of Plan::alignment.
    (void)(size * Checked{static_cast<std::int64_t>(size_of(type))} + Checked{Plan::alignment});
    return size.value;
  } catch (const SizeOverflow&) {
    refuse("Array", "shape", " is too large; the memory must be below 2^63 bytes");
  }
}

template <class Element>
void fill(Element* data, std::int64_t size, std::uint64_t seed, std::uint32_t sequence,
          double bound) {
  for (std::int64_t n = 0; n < size; ++n)
    data[n] = static_cast<Element>(bound * uniform(seed, static_cast<std::uint64_t>(n), sequence));
}

template <class Element>
std::size_t bytes_of(std::int64_t size) {
  return static_cast<std::size_t>(size) * sizeof(Element);
}

}  // namespace

Array::Array(const Device& device, std::vector<std::int64_t> shape, DataType type)
    : device_(device),
      shape_(std::move(shape)),
      type_(type),
      size_(elements(shape_, type)),
      memory_(allocate(device, size_ * static_cast<std::int64_t>(size_of(type)))) {}

void fill_uniform(Array& array, std::uint64_t seed, std::uint32_t sequence, double bound) {
  if (array.type() == DataType::f32)
    fill(static_cast<float*>(array.data()), array.size(), seed, sequence, bound);
  else
    fill(static_cast<double*>(array.data()), array.size(), seed, sequence, bound);
}

Array random(const Device& device, std::vector<std::int64_t> shape, std::uint64_t seed,
             DataType type) {
  Array array(device, std::move(shape), type);
  fill_uniform(array, seed, 0, 1);
  return array;
}

template <class Element>
Array to_device(const Device& device, std::vector<std::int64_t> shape,
                std::span<const Element> values) {
  const std::int64_t size = elements(shape, data_type_of<Element>);
  if (std::cmp_not_equal(values.size(), size))
    refuse("to_device", "values",
           " holds " + std::to_string(values.size()) + " elements; the shape has " + number(size));
  Array array(device, std::move(shape), data_type_of<Element>);
  if (!values.empty()) std::memcpy(array.data(), values.data(), values.size_bytes());
  return array;
}

template <class Element>
std::vector<Element> to_host(const Array& array, StreamRef stream) {
  if (stream.kind() != array.device().kind())
    refuse("to_host", "stream",
           " is a " + std::string(to_string(stream.kind())) + " stream; the array's device is " +
               std::string(to_string(array.device().kind())));
  if (array.type() != data_type_of<Element>)
    refuse("to_host", "array",
           " holds " + std::string(to_string(array.type())) + "; it must hold " +
               std::string(to_string(data_type_of<Element>)));
  std::vector<Element> values(static_cast<std::size_t>(array.size()));
  if (!values.empty()) std::memcpy(values.data(), array.data(), bytes_of<Element>(array.size()));
  return values;
}

template TAKT_API Array to_device(const Device&, std::vector<std::int64_t>, std::span<const float>);
template TAKT_API Array to_device(const Device&, std::vector<std::int64_t>,
                                  std::span<const double>);
template TAKT_API std::vector<float> to_host(const Array&, StreamRef);
template TAKT_API std::vector<double> to_host(const Array&, StreamRef);

}  // namespace takt
