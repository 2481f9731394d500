// Array: memory of a device with a type and a shape, for programs that do not bring their own.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <takt/data.hpp>
#include <takt/device.hpp>
#include <takt/types.hpp>

namespace takt {

/// Dense row-major memory on a device, filled with zeros when made. Copies share the memory; const
/// says that this handle is not used for writing, not that the memory stays as it is.
/// Throws ArgumentError for a negative or overflowing shape, std::bad_alloc where memory is short,
/// DeviceError where CUDA fails.
class TAKT_API Array {
 public:
  Array(const Device& device, std::vector<std::int64_t> shape, DataType type = DataType::f32);
  // No moves: a handle is never empty.
  Array(const Array&) = default;
  Array& operator=(const Array&) = default;

  const Device& device() const noexcept { return device_; }
  DataType type() const noexcept { return type_; }
  const std::vector<std::int64_t>& shape() const noexcept { return shape_; }
  std::int64_t size() const noexcept { return size_; }  ///< elements
  void* data() noexcept { return memory_.get(); }
  const void* data() const noexcept { return memory_.get(); }

  // Not of a temporary: its memory would be gone before the work is done.
  operator ConstPointer() const& noexcept {  // NOLINT(google-explicit-constructor)
    return {memory_.get(), type_, size_, device_.place()};
  }
  operator Pointer() & noexcept {  // NOLINT(google-explicit-constructor)
    return {memory_.get(), type_, size_, device_.place()};
  }
  operator ConstPointer() const&& = delete;
  operator ConstPointer() && = delete;
  operator Pointer() && = delete;

 private:
  Device device_;
  std::vector<std::int64_t> shape_;
  DataType type_;
  std::int64_t size_;
  std::shared_ptr<void> memory_;
};

/// Uniform values in [-1, 1), a function of (seed, position) alone and rounded to the type: the
/// same on every device.
TAKT_API Array random(const Device& device, std::vector<std::int64_t> shape, std::uint64_t seed,
                      DataType type = DataType::f32);

/// Integers of a device's memory, as calls take them for lengths (int32) and resets (uint8): what
/// `to_device` makes of those of the host. Copies share the memory.
template <class Element>
class DeviceVector {
 public:
  DeviceVector(const Device& device, std::int64_t size, std::shared_ptr<const void> memory)
      : device_(device), size_(size), memory_(std::move(memory)) {}
  // No moves: a handle is never empty.
  DeviceVector(const DeviceVector&) = default;
  DeviceVector& operator=(const DeviceVector&) = default;

  const Device& device() const noexcept { return device_; }
  std::int64_t size() const noexcept { return size_; }
  const Element* data() const noexcept { return static_cast<const Element*>(memory_.get()); }

  // Not of a temporary: its memory would be gone before the work is done.
  operator TypedPointer<Element>() const& noexcept {  // NOLINT(google-explicit-constructor)
    return {data(), size_, device_.place()};
  }
  operator TypedPointer<Element>() const&& = delete;
  operator TypedPointer<Element>() && = delete;

 private:
  Device device_;
  std::int64_t size_;
  std::shared_ptr<const void> memory_;
};

namespace detail {

/// What the templates below stand on: `size` elements of `from_type` at `from`, which become
/// `type`.
TAKT_API Array copy_to_device(const Device& device, std::vector<std::int64_t> shape, DataType type,
                              const void* from, DataType from_type, std::size_t size);
/// `bytes` at `from`.
TAKT_API std::shared_ptr<const void> copy_to_device(const Device& device, const void* from,
                                                    std::size_t bytes);
/// Throws where `to_type` does not suit the array; then writes array.size() elements.
TAKT_API void check_copy_to_host(const Array& array, DataType to_type, StreamRef stream);
TAKT_API void copy_to_host(const Array& array, DataType to_type, void* to, StreamRef stream);

}  // namespace detail

/// An element type of arrays: float, double, __half, __nv_bfloat16, or what `DataTypeOf` knows.
template <class Element>
concept ArrayElement = is_data_type<Element> && std::is_trivially_copyable_v<Element> &&
                       sizeof(Element) == size_of(data_type_of<Element>);

/// A copy on `device` of values of the host: `to_device<float>(device, {T, B, I}, vector)`. Throws
/// ArgumentError where the sizes differ.
template <ArrayElement Element>
Array to_device(const Device& device, std::vector<std::int64_t> shape,
                std::span<const Element> values) {
  constexpr DataType type = data_type_of<Element>;
  return detail::copy_to_device(device, std::move(shape), type, values.data(), type, values.size());
}

/// Floats as an array of f16 or bf16 (or f32): each is rounded to the nearest, ties to even. Throws
/// ArgumentError for another type.
template <std::same_as<float> Element>
Array to_device(const Device& device, std::vector<std::int64_t> shape,
                std::span<const Element> values, DataType type) {
  return detail::copy_to_device(device, std::move(shape), type, values.data(), DataType::f32,
                                values.size());
}

/// Lengths or resets on `device`: `const auto lengths = to_device<std::int32_t>(device, vector)`,
/// which `Inputs` takes. They must live until the call's work is done.
template <class Element>
requires std::same_as<Element, std::int32_t> || std::same_as<Element, std::uint8_t>
    DeviceVector<Element> to_device(const Device& device, std::span<const Element> values) {
  return {device, static_cast<std::int64_t>(values.size()),
          detail::copy_to_device(device, values.data(), values.size_bytes())};
}

/// A copy on the host, made after everything on `stream` so far; waits for it. As floats an array
/// of f16 or bf16 is widened, which is exact. Throws ArgumentError where the array holds another
/// type, or lies on another device than the stream.
template <ArrayElement Element = float>
std::vector<Element> to_host(const Array& array, StreamRef stream) {
  detail::check_copy_to_host(array, data_type_of<Element>, stream);
  std::vector<Element> values(static_cast<std::size_t>(array.size()));
  detail::copy_to_host(array, data_type_of<Element>, values.data(), stream);
  return values;
}

}  // namespace takt
