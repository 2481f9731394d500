// The words in which a problem is stated: element types, modes, directions, layouts, sizes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <takt/export.hpp>

// CUDA's 16-bit types, as its headers define them.
struct __half;
struct __nv_bfloat16;

namespace takt {

/// Type in which x, y, h, the weights and their gradients are stored. Inner states: `inner_type`.
enum class DataType : std::uint8_t { f32, f64, f16, bf16 };

/// How products of f32 data are computed: as they are, or with inputs rounded to tf32.
enum class Math : std::uint8_t { strict, tf32 };

/// What a plan is for: inference saves nothing, training saves what backward needs.
enum class Mode : std::uint8_t { inference, training };

enum class Direction : std::uint8_t { forward, reverse, bidirectional };

/// How the two directions of a bidirectional layer become one output.
enum class Merge : std::uint8_t { concat, sum };

/// Which bias vectors exist: bW beside W x, bR beside R h.
enum class Bias : std::uint8_t { none, input, recurrent, both };

/// What x is: the operand of W, or W x already (without bW), made by the caller.
enum class InputMode : std::uint8_t { product, precomputed };

/// Order of the two outer dimensions of x, y, c_all and resets.
enum class Layout : std::uint8_t { time_major, batch_major };  // [T,B,*], [B,T,*]

/// Where memory lies and work runs.
enum class DeviceKind : std::uint8_t { cpu, cuda };

/// One device's memory: the CPU's, or that of the GPU with this ordinal.
struct Place {
  DeviceKind kind = DeviceKind::cpu;
  int ordinal = 0;

  constexpr Place() noexcept = default;
  constexpr Place(DeviceKind kind_in, int ordinal_in = 0) noexcept  // NOLINT
      : kind(kind_in), ordinal(ordinal_in) {}
  friend constexpr bool operator==(const Place&, const Place&) = default;
};

/// Steps and batch rows: the largest of both that a plan accepts, or those of a call, where -1
/// stands for the plan's.
struct Dims {
  std::int64_t T = -1;
  std::int64_t B = -1;
  friend bool operator==(const Dims&, const Dims&) = default;
};

/// Bytes of one element.
constexpr std::size_t size_of(DataType type) noexcept {
  switch (type) {
    case DataType::f64: return 8;
    case DataType::f32: return 4;
    default: return 2;
  }
}

TAKT_API std::string_view to_string(DataType type) noexcept;
TAKT_API std::string_view to_string(Math math) noexcept;
TAKT_API std::string_view to_string(Mode mode) noexcept;
TAKT_API std::string_view to_string(Direction direction) noexcept;
TAKT_API std::string_view to_string(Merge merge) noexcept;
TAKT_API std::string_view to_string(InputMode input) noexcept;
TAKT_API std::string_view to_string(Bias bias) noexcept;
TAKT_API std::string_view to_string(Layout layout) noexcept;
TAKT_API std::string_view to_string(DeviceKind kind) noexcept;
TAKT_API std::string to_string(const Place& place);  ///< "cpu", "cuda:1"

constexpr bool has_input_bias(Bias bias) noexcept {
  return bias == Bias::input || bias == Bias::both;
}
constexpr bool has_recurrent_bias(Bias bias) noexcept {
  return bias == Bias::recurrent || bias == Bias::both;
}

/// The data type of a C++ type, `DataTypeOf<float>::value`. Specialise it for a type of your own
/// that has the bits and the size of one of them, so that pointers to it are typed.
template <class Element>
struct DataTypeOf {};
template <>
struct DataTypeOf<float> {
  static constexpr DataType value = DataType::f32;
};
template <>
struct DataTypeOf<double> {
  static constexpr DataType value = DataType::f64;
};

template <>
struct DataTypeOf<__half> {
  static constexpr DataType value = DataType::f16;
};
template <>
struct DataTypeOf<__nv_bfloat16> {
  static constexpr DataType value = DataType::bf16;
};

/// Type of the inner states (c, ...), of their gradients and of sums: f32 where storage has 16
/// bits.
constexpr DataType inner_type(DataType type) noexcept {
  return type == DataType::f64 ? DataType::f64 : DataType::f32;
}

template <class Element>
inline constexpr bool is_data_type = requires {
  DataTypeOf<Element>::value;
};
template <class Element>
inline constexpr DataType data_type_of = DataTypeOf<Element>::value;

}  // namespace takt
