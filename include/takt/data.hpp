// Pointers as calls take them: the caller's memory, with its element type and, where it is known,
// its size and place. They own nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>

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

/// A range that is not a temporary which owns its elements; and one of stored elements in a row.
template <class Range>
concept Lasting = std::is_lvalue_reference_v<Range> || std::ranges::borrowed_range<Range>;
template <class Range, class Void>
concept Elements = std::ranges::contiguous_range<Range> && std::ranges::sized_range<Range> &&
    Lasting<Range> && is_data_type<std::ranges::range_value_t<Range>> &&
    std::is_convertible_v<decltype(std::ranges::data(std::declval<Range&>())), Void*>;

/// A pointer (not an array, which is a range) to an element type that takt stores, and that may be
/// reached through Void*.
template <class Type>
using Pointee = std::remove_pointer_t<std::remove_cvref_t<Type>>;
template <class Type, class Void>
concept PointerToStored = std::is_pointer_v<std::remove_cvref_t<Type>> &&
    is_data_type<std::remove_const_t<Pointee<Type>>> && std::is_convertible_v<Type, Void*>;
/// A pointer or an array of elements that takt does not store.
template <class Type>
concept PointerToOthers = std::is_pointer_v<std::decay_t<Type>> &&
                          !is_data_type<std::remove_const_t<Pointee<std::decay_t<Type>>>> &&
                          !std::is_void_v<Pointee<std::decay_t<Type>>>;

/// A pointer (not an array), and a lasting range, of exactly one type.
template <class Type, class Element>
concept PointerTo =
    std::is_pointer_v<std::remove_cvref_t<Type>> && std::is_convertible_v<Type, Element*>;
template <class Range, class Element>
concept RangeOf = std::ranges::contiguous_range<Range> && std::ranges::sized_range<Range> &&
    Lasting<Range> && std::is_same_v<std::ranges::range_value_t<Range>, Element>;

/// What may be written may be read.
template <class Other, class Void>
concept WritableAs = std::is_void_v<Other> && !std::is_const_v<Other> && std::is_const_v<Void>;

template <class Source, class Void>
concept PointsAs = std::is_convertible_v<Source, BasicPointer<Void>>;

/// `Element` with the constness of `Void`.
template <class Void, class Element>
using LikeVoid = std::conditional_t<std::is_const_v<Void>, const Element, Element>;

}  // namespace detail

// Converting from what programs have is what these classes are for. NOLINTBEGIN(google-explicit-*)

template <class Void>
class BasicPointer {
 public:
  constexpr BasicPointer() noexcept = default;
  constexpr BasicPointer(std::nullptr_t) noexcept {}
  constexpr BasicPointer(Void* data) noexcept : data_(data) {}

  template <detail::PointerToStored<Void> Type>
  constexpr BasicPointer(Type&& data) noexcept
      : data_(data), type_(data_type_of<std::remove_const_t<detail::Pointee<Type>>>) {}

  /// Elements of a type that takt does not store: refused at compile time, not taken as void*.
  template <detail::PointerToOthers Type>
  BasicPointer(Type&& data) = delete;

  template <detail::Elements<Void> Range>
  constexpr BasicPointer(Range&& range) noexcept
      : data_(std::ranges::data(range)),
        size_(static_cast<std::int64_t>(std::ranges::size(range))),
        type_(data_type_of<std::ranges::range_value_t<Range>>) {}

  template <detail::WritableAs<Void> Other>
  constexpr BasicPointer(const BasicPointer<Other>& other) noexcept
      : data_(other.data()), size_(other.size()), type_(other.type()), place_(other.place()) {}

  /// Everything said. `size` in elements, -1 where it is not known.
  constexpr BasicPointer(Void* data, std::optional<DataType> type, std::int64_t size,
                         std::optional<Place> place) noexcept
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
  constexpr std::optional<Place> place() const noexcept { return place_; }

 private:
  Void* data_ = nullptr;
  std::int64_t size_ = -1;
  std::optional<DataType> type_{};
  std::optional<Place> place_{};
};

/// A pointer to elements of one type that a call reads: lengths, resets. Made from a pointer, from
/// a contiguous range (whose size is then checked too), or from everything said.
template <class Element>
class TypedPointer {
 public:
  constexpr TypedPointer() noexcept = default;
  constexpr TypedPointer(std::nullptr_t) noexcept {}
  template <detail::PointerTo<const Element> Type>
  constexpr TypedPointer(Type&& data) noexcept : data_(data) {}
  template <detail::RangeOf<Element> Range>
  constexpr TypedPointer(Range&& range) noexcept
      : data_(std::ranges::data(range)),
        size_(static_cast<std::int64_t>(std::ranges::size(range))) {}
  /// `size` in elements, -1 where it is not known.
  constexpr TypedPointer(const Element* data, std::int64_t size,
                         std::optional<Place> place) noexcept
      : data_(data), size_(size), place_(place) {}

  constexpr explicit operator bool() const noexcept { return data_ != nullptr; }
  constexpr const Element* data() const noexcept { return data_; }
  constexpr std::int64_t size() const noexcept { return size_; }
  constexpr std::optional<Place> place() const noexcept { return place_; }

 private:
  const Element* data_ = nullptr;
  std::int64_t size_ = -1;
  std::optional<Place> place_{};
};

/// A pointer to rows, `row_stride` elements from one row's start to the next one's, 0 for dense.
/// Rows are those of the two outer dimensions, in the order of the layout. A pointer converts to
/// rows; rows do not convert to a pointer, which would lose their stride.
template <class Void>
class BasicRows {
 public:
  constexpr BasicRows() noexcept = default;
  template <detail::PointsAs<Void> Source>
  constexpr BasicRows(Source&& source) noexcept : pointer_(std::forward<Source>(source)) {}
  template <detail::PointsAs<Void> Source>
  constexpr BasicRows(Source&& source, std::int64_t row_stride) noexcept
      : pointer_(std::forward<Source>(source)), row_stride_(row_stride) {}
  template <detail::WritableAs<Void> Other>
  constexpr BasicRows(const BasicRows<Other>& other) noexcept
      : pointer_(other.pointer()), row_stride_(other.row_stride()) {}

  constexpr explicit operator bool() const noexcept { return bool(pointer_); }
  /// To the first row, with the size of all of them.
  constexpr const BasicPointer<Void>& pointer() const noexcept { return pointer_; }
  constexpr std::int64_t row_stride() const noexcept { return row_stride_; }

 private:
  BasicPointer<Void> pointer_{};
  std::int64_t row_stride_ = 0;
};

using ConstRows = BasicRows<const void>;
using Rows = BasicRows<void>;

/// Raw memory of a call, with its size where it is known.
template <class Void>
struct BasicBytes {
  constexpr BasicBytes() noexcept = default;
  constexpr BasicBytes(std::nullptr_t) noexcept {}
  /// `size` bytes; -1 takes the size on trust, and no place the place.
  constexpr BasicBytes(Void* data_in, std::int64_t size_in = -1,
                       std::optional<Place> place_in = {}) noexcept
      : data(data_in), size(size_in), place(place_in) {}
  template <detail::WritableAs<Void> Other>
  constexpr BasicBytes(const BasicBytes<Other>& other) noexcept
      : data(other.data), size(other.size), place(other.place) {}

  Void* data = nullptr;
  std::int64_t size = -1;
  std::optional<Place> place{};
};

/// That a call reads.
using ConstBytes = BasicBytes<const void>;
/// That a call writes.
using Bytes = BasicBytes<void>;

// NOLINTEND(google-explicit-*)

}  // namespace takt
