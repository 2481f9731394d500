// Dialects: how other systems order gates, lay out matrices and keep biases; conversion both ways.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace takt {

/// Layout of W and R: gate blocks of rows as in takt, [G*H,I] and [G*H,H], or their transposes,
/// [I,G*H] and [H,G*H].
enum class MatrixForm : std::uint8_t { rows, transposed };

/// How one system stores one layer and direction of one cell. Gates go by takt's names of them.
struct Dialect {
  std::string_view cell;    ///< takt's name
  std::string_view system;  ///< "keras"
  std::string_view form;    ///< the system's name of the cell, with what decides its maths there
  std::string_view gates;   ///< order of the blocks in W and R
  MatrixForm matrices = MatrixForm::rows;
  /// Blocks [H] of its bias tensors, one after the other: "Wi" is bW of gate i, "Ri" its bR, "i"
  /// one bias for both.
  std::string_view biases;
};

/// A form that takt knows and must not read as one of its own cells.
struct RefusedForm {
  std::string_view system;
  std::string_view form;
  std::string_view reason;  ///< what follows "because "
};

std::span<const Dialect> known_dialects() noexcept;
std::span<const RefusedForm> refused_forms() noexcept;

/// The dialect of a cell in a system. Throws ArgumentError, listing what there is.
const Dialect& find_dialect(std::string_view cell, std::string_view system);

/// The dialect of what a system calls `form`. Throws UnsupportedError, with the reason, for a
/// refused form, ArgumentError for an unknown one.
const Dialect& find_form(std::string_view system, std::string_view form);

/// Weights in takt's storage; an empty bias is zero.
template <class Real>
struct PlainWeights {
  std::vector<Real> W;   ///< [G*H,I]
  std::vector<Real> R;   ///< [G*H,H]
  std::vector<Real> bW;  ///< [G*H]
  std::vector<Real> bR;  ///< [G*H]
  friend bool operator==(const PlainWeights&, const PlainWeights&) = default;
};

/// Weights in another system's storage; an empty bias is zero.
template <class Real>
struct DialectWeights {
  std::vector<Real> W;
  std::vector<Real> R;
  std::vector<Real> biases;  ///< all bias tensors in one, in the order of `Dialect::biases`
  friend bool operator==(const DialectWeights&, const DialectWeights&) = default;
};

/// Exact. Where the system has one bias for both, it becomes bW, and bR is 0.
/// Throws ArgumentError for wrong sizes, or for a dialect that is not one of its cell.
template <class Real>
PlainWeights<Real> from_dialect(const Dialect& dialect, std::int64_t I, std::int64_t H,
                                const DialectWeights<Real>& weights);

/// Exact but for the rounding of bW + bR where the system has one bias for both.
/// Throws as from_dialect does, and where a bias that is not 0 has no place in the dialect.
template <class Real>
DialectWeights<Real> to_dialect(const Dialect& dialect, std::int64_t I, std::int64_t H,
                                const PlainWeights<Real>& weights);

extern template PlainWeights<float> from_dialect(const Dialect&, std::int64_t, std::int64_t,
                                                 const DialectWeights<float>&);
extern template PlainWeights<double> from_dialect(const Dialect&, std::int64_t, std::int64_t,
                                                  const DialectWeights<double>&);
extern template DialectWeights<float> to_dialect(const Dialect&, std::int64_t, std::int64_t,
                                                 const PlainWeights<float>&);
extern template DialectWeights<double> to_dialect(const Dialect&, std::int64_t, std::int64_t,
                                                  const PlainWeights<double>&);

}  // namespace takt
