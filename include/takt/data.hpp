// Pointers as calls take them: the caller's memory, with its element type and, where it is known,
// its size and place. They own nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <ranges>
#include <type_traits>

#include <takt/types.hpp>

namespace takt {

template <class Void>
class BasicPointer;

/// A pointer to elements that a call reads. Made from `const float*` and the like, from a
/// contiguous range (whose size is then checked too), from a `takt::Array`, or from `const void*`,
/// whose element type is taken on trust.
using ConstPointer = BasicPointer<const void>;
/// A pointer to elements that a call writes.
using Pointer = BasicPointer<void>;

namespace detail {

template <class Range>
concept ElementRange = std::ranges::contiguous_range<Range> && std::ranges::sized_range<Range> &&
    (std::is_lvalue_reference_v<Range> ||
     std::ranges::borrowed_range<Range>)&&is_data_type<std::ranges::range_value_t<Range>>;

/// `Element` with the constness of `Void`.
template <class Void, class Element>
using LikeVoid = std::conditional_t<std::is_const_v<Void>, const Element, Element>;

}  // namespace detail

template <class Void>
class BasicPointer {
 public:
  constexpr BasicPointer() noexcept = default;
  constexpr BasicPointer(std::nullptr_t) noexcept {}  // NOLINT(google-explicit-constructor)
  constexpr BasicPointer(Void* data) noexcept
      : data_(data) {}  // NOLINT(google-explicit-constructor)

  template <class Element>
  requires is_data_type<std::remove_const_t<Element>> && std::is_convertible_v<Element*, Void*>
  constexpr BasicPointer(Element* data) noexcept  // NOLINT(google-explicit-constructor)
      : data_(data), type_(data_type_of<std::remove_const_t<Element>>) {}

  /// Elements of a type that takt does not store: refused at compile time, not taken as void*.
  template <class Element>
  requires(!is_data_type<std::remove_const_t<Element>> && !std::is_void_v<Element>)
      BasicPointer(Element* data)
  = delete;

  template <detail::ElementRange Range>
  requires std::is_convertible_v<decltype(std::ranges::data(std::declval<Range&>())), Void*>
  constexpr BasicPointer(Range&& range) noexcept  // NOLINT(google-explicit-constructor)
      : data_(std::ranges::data(range)),
        size_(static_cast<std::int64_t>(std::ranges::size(range))),
        type_(data_type_of<std::ranges::range_value_t<Range>>) {}

  /// What may be written may be read.
  template <class Other>
  requires(std::is_const_v<Void>&& std::is_same_v<Other, void>) constexpr BasicPointer(
      const BasicPointer<Other>& other) noexcept  // NOLINT
      : data_(other.data()), size_(other.size()), type_(other.type()), place_(other.place()) {}

  /// Everything said. `size` in elements, -1 where it is not known.
  constexpr BasicPointer(Void* data, std::optional<DataType> type, std::int64_t size,
                         std::optional<DeviceKind> place) noexcept
      : data_(data), size_(size), type_(type), place_(place) {}

  constexpr explicit operator bool() const noexcept { return data_ != nullptr; }
  constexpr Void* data() const noexcept { return data_; }
  /// The memory as elements; the caller of this has checked `type()`.
  template <class Element>
  detail::LikeVoid<Void, Element>* as() const noexcept {
    return static_cast<detail::LikeVoid<Void, Element>*>(data_);
  }
  constexpr std::optional<DataType> type() const noexcept { return type_; }
  constexpr std::int64_t size() const noexcept { return size_; }
  constexpr std::optional<DeviceKind> place() const noexcept { return place_; }

 private:
  Void* data_ = nullptr;
  std::int64_t size_ = -1;
  std::optional<DataType> type_{};
  std::optional<DeviceKind> place_{};
};

template <class Void>
class BasicRows;

namespace detail {

template <class Type>
inline constexpr bool is_rows = false;
template <class Void>
inline constexpr bool is_rows<BasicRows<Void>> = true;

}  // namespace detail

/// A pointer to rows, `row_stride` elements from one row's start to the next one's, 0 for dense.
/// Rows are those of the two outer dimensions, in the order of the layout.
template <class Void>
class BasicRows : public BasicPointer<Void> {
 public:
  constexpr BasicRows() noexcept = default;
  template <class Source>
  requires std::is_convertible_v<Source, BasicPointer<Void>> &&
      (!std::is_same_v<std::remove_cvref_t<Source>, BasicRows>)constexpr BasicRows(
          Source&& source) noexcept  // NOLINT(google-explicit-constructor)
      : BasicPointer<Void>(std::forward<Source>(source)) {}
  template <class Source>
  requires std::is_convertible_v<Source, BasicPointer<Void>>
  constexpr BasicRows(Source&& source, std::int64_t row_stride) noexcept
      : BasicPointer<Void>(std::forward<Source>(source)), row_stride_(row_stride) {}
  template <class Other>
  requires(std::is_const_v<Void>&& std::is_same_v<Other, void>) constexpr BasicRows(
      const BasicRows<Other>& other) noexcept  // NOLINT
      : BasicPointer<Void>(other), row_stride_(other.row_stride()) {}

  constexpr std::int64_t row_stride() const noexcept { return row_stride_; }

 private:
  std::int64_t row_stride_ = 0;
};

using ConstRows = BasicRows<const void>;
using Rows = BasicRows<void>;

/// Raw memory of a call, with its size where it is known.
struct Bytes {
  constexpr Bytes() noexcept = default;
  constexpr Bytes(std::nullptr_t) noexcept {}  // NOLINT(google-explicit-constructor)
  /// `size` bytes; -1 takes the size on trust.
  constexpr Bytes(void* data_in, std::int64_t size_in = -1) noexcept  // NOLINT
      : data(data_in), size(size_in) {}

  void* data = nullptr;
  std::int64_t size = -1;
};

}  // namespace takt
