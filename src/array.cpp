// Arrays: memory with a type and a shape.
#include <takt/array.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>

#include <takt/plan.hpp>

#include "arithmetic.hpp"
#include "cuda/cuda.hpp"
#include "device.hpp"
#include "half.hpp"
#include "random.hpp"
#include "say.hpp"

namespace takt {
namespace {

std::int64_t elements(const std::vector<std::int64_t>& shape, DataType type) {
  if (type > DataType::bf16)
    refuse("Array", "type",
           " is " + number(static_cast<int>(type)) + "; it must be between 0 and " +
               number(static_cast<int>(DataType::bf16)));
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

/// The bytes of the array's elements.
std::size_t bytes_of(const Array& array) {
  return static_cast<std::size_t>(array.size()) * size_of(array.type());
}

/// `size` numbers that `value` gives for their positions, as elements of `type` at `to`.
template <class Value>
void write(void* to, DataType type, std::int64_t size, const Value& value) {
  const auto each = [&](auto* elements, const auto& convert) {
    for (std::int64_t n = 0; n < size; ++n) elements[n] = convert(value(n));
  };
  const auto as_float = [](double number) { return static_cast<float>(number); };
  switch (type) {
    case DataType::f64: return each(static_cast<double*>(to), [](double number) { return number; });
    case DataType::f32: return each(static_cast<float*>(to), as_float);
    case DataType::f16:
      return each(static_cast<std::uint16_t*>(to),
                  [&](double number) { return to_f16(as_float(number)); });
    case DataType::bf16:
      return each(static_cast<std::uint16_t*>(to),
                  [&](double number) { return to_bf16(as_float(number)); });
  }
}

/// Lets `fill` write the elements of an array, of whatever device, into memory of the host.
template <class Fill>
void fill_from_host(Array& array, const Fill& fill) {
  if (array.device().kind() == DeviceKind::cpu) return fill(array.data());
  std::vector<std::byte> elements(bytes_of(array));
  fill(elements.data());
  upload(array, elements.data());
}

bool is_narrow(DataType type) {
  return type == DataType::f16 || type == DataType::bf16;
}

}  // namespace

Array::Array(const Device& device, std::vector<std::int64_t> shape, DataType type)
    : device_(device),
      shape_(std::move(shape)),
      type_(type),
      size_(elements(shape_, type)),
      memory_(allocate(device, size_ * static_cast<std::int64_t>(size_of(type)))) {}

void fill_uniform(Array& array, std::uint64_t seed, std::uint32_t sequence, double bound) {
  fill_from_host(array, [&](void* to) {
    write(to, array.type(), array.size(), [&](std::int64_t n) {
      return bound * uniform(seed, static_cast<std::uint64_t>(n), sequence);
    });
  });
}

Array random(const Device& device, std::vector<std::int64_t> shape, std::uint64_t seed,
             DataType type) {
  Array array(device, std::move(shape), type);
  fill_uniform(array, seed, 0, 1);
  return array;
}

namespace detail {

Array copy_to_device(const Device& device, std::vector<std::int64_t> shape, DataType type,
                     const void* from, DataType from_type, std::size_t values) {
  if (type != from_type && !is_narrow(type) && type <= DataType::bf16)
    refuse("to_device", "type",
           " is " + std::string(to_string(type)) + "; floats become f32, f16 or bf16");
  const std::int64_t size = elements(shape, type);
  if (std::cmp_not_equal(values, size))
    refuse("to_device", "values",
           " holds " + std::to_string(values) + " elements; the shape has " + number(size));
  Array array(device, std::move(shape), type);
  if (type == from_type) {
    upload(array, from);
    return array;
  }
  fill_from_host(array, [&](void* to) {
    write(to, type, size, [&](std::int64_t n) { return static_cast<const float*>(from)[n]; });
  });
  return array;
}

std::shared_ptr<const void> copy_to_device(const Device& device, const void* from,
                                           std::size_t bytes) {
  if (bytes == 0) return nullptr;
  const auto size = static_cast<std::int64_t>(bytes);
  std::shared_ptr<void> memory = allocate(device, size);
  if (device.kind() == DeviceKind::cuda)
    cuda::upload(device.place().ordinal, memory.get(), from, size);
  else
    std::memcpy(memory.get(), from, bytes);
  return memory;
}

void check_copy_to_host(const Array& array, DataType to_type, StreamRef stream) {
  const Place here = array.device().place(), there = stream.place();
  if (there.kind != here.kind)
    refuse("to_host", "stream",
           " is a " + std::string(to_string(there.kind)) + " stream; the array's device is " +
               std::string(to_string(here.kind)));
  if (there.ordinal >= 0 && there.ordinal != here.ordinal)
    refuse("to_host", "stream",
           " is a stream of " + to_string(there) + "; the array's device is " + to_string(here));
  const bool widens = to_type == DataType::f32 && is_narrow(array.type());
  if (array.type() != to_type && !widens)
    refuse("to_host", "array",
           " holds " + std::string(to_string(array.type())) + "; it must hold " +
               std::string(to_string(to_type)));
}

void copy_to_host(const Array& array, DataType to_type, void* to, StreamRef stream) {
  if (array.type() == to_type) return download(array, to, stream);
  std::vector<std::uint16_t> narrow(static_cast<std::size_t>(array.size()));
  download(array, narrow.data(), stream);
  std::transform(narrow.begin(), narrow.end(), static_cast<float*>(to),
                 array.type() == DataType::f16 ? from_f16 : from_bf16);
}

}  // namespace detail
}  // namespace takt
