// Array: memory of a device with a type and a shape, for programs that do not bring their own.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <takt/data.hpp>
#include <takt/device.hpp>
#include <takt/types.hpp>

namespace takt {

/// Dense row-major memory on a device, filled with zeros when made. Copies share the memory; const
/// says that this handle is not used for writing, not that the memory stays as it is.
/// Throws ArgumentError for a negative or overflowing shape, std::bad_alloc where memory is short.
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

/// Uniform values in [-1, 1), a function of (seed, position) alone: the same on every device.
TAKT_API Array random(const Device& device, std::vector<std::int64_t> shape, std::uint64_t seed,
                      DataType type = DataType::f32);

/// A copy on `device` of values of the host: `to_device<float>(device, {T, B, I}, vector)`. Throws
/// ArgumentError where the sizes differ.
template <class Element>
Array to_device(const Device& device, std::vector<std::int64_t> shape,
                std::span<const Element> values);
extern template TAKT_API Array to_device(const Device&, std::vector<std::int64_t>,
                                         std::span<const float>);
extern template TAKT_API Array to_device(const Device&, std::vector<std::int64_t>,
                                         std::span<const double>);

/// A copy on the host, made after everything on `stream` so far; waits for it. Throws
/// ArgumentError where the array holds another type.
template <class Element = float>
std::vector<Element> to_host(const Array& array, StreamRef stream);
extern template TAKT_API std::vector<float> to_host(const Array&, StreamRef);
extern template TAKT_API std::vector<double> to_host(const Array&, StreamRef);

}  // namespace takt
