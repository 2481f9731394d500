// Neighbouring units of one thread, moved in transactions as wide as 16 bytes.
#pragma once

#include <cstring>

#include <takt/kernels/types.cuh>

namespace takt {

namespace detail {

/// What one transaction of so many bytes moves.
template <unsigned long bytes>
struct TransactionOf {
  using type = uint4;
};
template <>
struct TransactionOf<8> {
  using type = uint2;
};
template <>
struct TransactionOf<4> {
  using type = unsigned;
};
template <>
struct TransactionOf<2> {
  using type = unsigned short;
};

}  // namespace detail

template <class Element, int count>
struct Units {
  Element value[count];

  static constexpr unsigned long bytes = sizeof(Element) * count;
  static constexpr unsigned long transaction_bytes = bytes < 16 ? bytes : 16;
  using Transaction = typename detail::TransactionOf<transaction_bytes>::type;
  static constexpr int transactions = static_cast<int>(bytes / transaction_bytes);
  static_assert(bytes % transaction_bytes == 0);

  /// `from` is aligned to a transaction: a multiple of `count` elements into an aligned tensor
  /// whose rows are multiples of `count`.
  TAKT_DEVICE static Units load(const Element* from) {
    Transaction moved[transactions];
    for (int n = 0; n < transactions; ++n) moved[n] = reinterpret_cast<const Transaction*>(from)[n];
    Units units;
    memcpy(static_cast<void*>(units.value), moved, bytes);
    return units;
  }
  TAKT_DEVICE void store(Element* to) const {
    if constexpr (count == 1) {
      *to = value[0];
      return;
    }
    Transaction moved[transactions];
    memcpy(moved, value, bytes);
    // A plain assignment is split into its elements again (nvcc 13.0).
    for (int n = 0; n < transactions; ++n) __stwb(reinterpret_cast<Transaction*>(to) + n, moved[n]);
  }
  TAKT_DEVICE static Units all(Element element) {
    Units units;
    for (int n = 0; n < count; ++n) units.value[n] = element;
    return units;
  }
};

}  // namespace takt
