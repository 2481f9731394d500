// Neighbouring units of one thread, moved in transactions as wide as 16 bytes.
#pragma once

#include <takt/kernels/types.cuh>

namespace takt {

namespace detail {

constexpr unsigned long alignment_of_units(unsigned long element_bytes, int count) {
  const unsigned long bytes = element_bytes * static_cast<unsigned long>(count);
  return bytes < 16 ? bytes : 16;
}

}  // namespace detail

template <class Element, int count>
struct alignas(detail::alignment_of_units(sizeof(Element), count)) Units {
  Element value[count];

  /// `from` is aligned as this struct is: a multiple of `count` elements into an aligned tensor
  /// whose rows are multiples of `count`.
  TAKT_DEVICE static Units load(const Element* from) {
    return *reinterpret_cast<const Units*>(from);
  }
  TAKT_DEVICE void store(Element* to) const { *reinterpret_cast<Units*>(to) = *this; }
  TAKT_DEVICE static Units all(Element element) {
    Units units;
    for (int n = 0; n < count; ++n) units.value[n] = element;
    return units;
  }
};

}  // namespace takt
