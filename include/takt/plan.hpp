// Plan: the decision how to run a network, and the calls that run it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <takt/array.hpp>
#include <takt/data.hpp>
#include <takt/device.hpp>
#include <takt/spec.hpp>
#include <takt/types.hpp>
#include <takt/weights.hpp>

namespace takt {

/// What forward reads, all of it in the memory of the plan's device (a GPU's own, or managed; not
/// pinned memory of the host). T and B are those of the call, I and H the spec's, C the number of
/// the cell's inner states: a cell without any takes no c0, cT, c_all, nor their gradients. Those
/// of inner states are of `inner_type(spec.type)`, all others of the spec's type. Shapes are for
/// the time-major layout; the batch-major one swaps T and B in x, resets, y and c_all (and in their
/// gradients), nowhere else. "First" and "last" are those in the order in which a layer runs: a
/// reverse layer's first step of a row is its last valid one, its last step is t = 0.
struct Inputs {
  ConstRows x{};      ///< [T,B,I]
  ConstPointer h0{};  ///< [B,H]; null: the cell's start value
  ConstPointer c0{};  ///< [C,B,H]; null: the cell's start values
  /// [B], each 0 to T, any order; null: all T.
  TypedPointer<std::int32_t> lengths{};
  /// [T,B] without gaps; where not 0, the row starts anew before it runs step t. Not looked at past
  /// a row's length.
  TypedPointer<std::uint8_t> resets{};
  Weights weights{};
  /// The weights as `Plan::pack` left them: forward on a CPU then reads these and does not look at
  /// `weights`; a GPU's refuses them. Null: calls pack what they need. Backward reads `weights`.
  ConstBytes packed{};
  Dims dims{};  ///< of this call; -1: the plan's largest
};

/// What forward writes. Members left null are not computed (y may be null in inference only).
struct Outputs {
  Rows y{};      ///< [T,B,H]; past a row's length it is `RnnSpec::fill`
  Pointer hT{};  ///< [B,H] after the last valid step run (the initial state for length 0)
  Pointer cT{};  ///< [C,B,H]
  Rows c_all{};  ///< [C,T,B,H] inner states after every step; past a row's length `fill`
};

/// Gradients that come from the caller's loss. Null members are zero.
struct Upstream {
  ConstRows dy{};      ///< [T,B,H]; values past a row's length are not read
  ConstPointer dhT{};  ///< [B,H]
  ConstPointer dcT{};  ///< [C,B,H]
  ConstRows dc_all{};  ///< [C,T,B,H]; values past a row's length are not read
};

/// Gradients that backward writes. Null members are not computed.
struct Gradients {
  Rows dx{};                  ///< [T,B,I]; 0 past a row's length
  Pointer dh0{};              ///< [B,H]
  Pointer dc0{};              ///< [C,B,H]
  WeightGradients weights{};  ///< shapes of the weights
  bool accumulate = false;    ///< weight gradients are added to what is there; dx, dh0, dc0 are set
};

/// The caller's memory for a call, aligned to `Plan::alignment` bytes.
struct MemoryView {
  Bytes scratch{};  ///< `Plan::scratch_bytes()`; dead after the call
  Bytes saved{};    ///< `Plan::saved_bytes()`; kept from forward to backward
};

/// An algorithm that a plan took, or refused for a reason.
struct Candidate {
  std::string_view algorithm;
  bool taken = false;
  std::string reason;
};

/// A decision, made once for a spec, the largest T and B, a mode and a device. Immutable; copies
/// share it, and it may be used by several host threads and streams at once, each with its own
/// memory.
class TAKT_API Plan {
 public:
  static constexpr std::int64_t alignment = 256;

  /// Throws ArgumentError where a size is out of range or members contradict each other,
  /// UnsupportedError where no algorithm serves the spec on this device. On a GPU it loads kernels
  /// and lets products choose their algorithms: DeviceError where that fails, std::bad_alloc where
  /// memory is short. As any allocation on a GPU, not while a stream is captured in global mode,
  /// which that would break; the same is true of Memory and Array.
  Plan(const RnnSpec& spec, Dims largest, Mode mode, const Device& device);
  // No moves: a handle is never empty.
  Plan(const Plan&) = default;
  Plan& operator=(const Plan&) = default;

  // References and spans live as long as the plan, so not of a temporary.
  const RnnSpec& spec() const& noexcept;
  const RnnSpec& spec() const&& = delete;
  Dims dims() const noexcept;
  Mode mode() const noexcept;
  const Device& device() const& noexcept;
  const Device& device() const&& = delete;

  /// Name of the algorithm that calls run.
  std::string_view algorithm() const noexcept;
  /// All algorithms that were considered, that one included.
  std::span<const Candidate> candidates() const& noexcept;
  std::span<const Candidate> candidates() const&& = delete;
  std::int64_t scratch_bytes() const noexcept;
  std::int64_t saved_bytes() const noexcept;
  /// 0 on a GPU, whose forward reads weights where they lie, and for a plan of no steps or rows.
  std::int64_t packed_bytes() const noexcept;
  /// Several lines for a reader: the problem, each algorithm taken or refused and why, the memory.
  std::string explain() const;

  /// Runs all steps: y_t, h_t, c_t from x_t, h_{t-1}, c_{t-1}, in the equations of the cell's file
  /// (takt/cells/). Direction::reverse runs each row from its last valid step to its first.
  ///
  /// Aliasing: in inference and in training hT may be h0, and cT may be c0. Nothing else that is
  /// written may overlap anything else.
  /// Stream and lifetime: enqueues on `stream` and returns; on a cpu device the work is then done.
  /// Allocates nothing and waits for nothing.
  /// Determinism: the same arguments on the same machine and build give the same bits. On the CPU
  /// the results of a row of the batch depend on nothing but that row, and sums over rows (the
  /// gradients of weights) also on T, B and the plan's largest T and B; on nothing else, the number
  /// of threads included. On a GPU, through its products, all bits may depend on T, B, a row's
  /// place in the batch, the plan's largest T and B, and whether tensors and their rows are aligned
  /// to 16 bytes.
  /// Errors: ArgumentError, before anything is written. On a GPU also DeviceError, where CUDA or
  /// cuBLAS fails; what was enqueued before still runs, and the results mean nothing.
  /// Lengths: a GPU's lie in its memory and are not read here. What is out of range is taken as 0
  /// or T and told by takt::status.
  /// Not finite: a NaN or Inf of x, h0, c0 stays in its row of the batch, and padding is never
  /// multiplied. One in R may reach steps whose h is the start value, by 0 * Inf, or may not.
  void forward(const Inputs& inputs, const Outputs& outputs, const MemoryView& memory,
               StreamRef stream) const;

  /// Writes the weights into `packed`, `packed_bytes()` of memory aligned to `alignment`, in the
  /// order in which forward reads them: for weights that stay the same over many calls of few
  /// steps. Good for every plan of the same spec (but for direction, layout and fill) on a CPU
  /// device with the same instruction set, or another one whose vectors are as wide; forward gives
  /// the same bits as without. The bytes may be copied to other memory with that alignment. Stale
  /// as soon as the weights change. Where packed_bytes() is 0 it does nothing.
  /// Not while another thread's forward reads the same memory; any number of those may.
  /// Aliasing, stream, lifetime, errors: as for forward.
  void pack(const Weights& weights, const Bytes& packed, StreamRef stream) const;

  /// Gradients of a scalar loss by x, h0, c0 and the weights, from its gradients by y, hT, cT and
  /// c_all, after a forward of the same training plan.
  ///
  /// Must be unchanged since that forward: x, lengths, resets, the weights, y, and `memory.saved`.
  /// h0, c0, hT, cT and c_all are not read again (initial states are copied into `saved`), nor is
  /// an x that is precomputed, which may be null; `scratch` may be other memory. The call's T and B
  /// must be those of the forward (refused where takt can tell).
  /// Aliasing: nothing that is written may overlap anything else.
  /// Stream, lifetime, determinism, errors: as for forward; sums over time and batch run in a
  /// fixed order.
  void backward(const Inputs& inputs, const Outputs& outputs, const Upstream& upstream,
                const Gradients& gradients, const MemoryView& memory, StreamRef stream) const;

  struct State;

 private:
  std::shared_ptr<const State> state_;
};

/// Owns packed weights: `plan.forward({.x = x, .packed = packed}, ...)`, or with `.weights` too,
/// for GPUs, on which it holds nothing. `Plan::pack` renews them.
class TAKT_API PackedWeights {
 public:
  /// Throws as Plan::pack and Memory do.
  PackedWeights(const Plan& plan, const Weights& weights, StreamRef stream);

  PackedWeights(PackedWeights&&) = default;  // what is left is refused by calls
  PackedWeights& operator=(PackedWeights&&) = default;

  // For forward, and for Plan::pack.
  operator ConstBytes() const& noexcept {  // NOLINT(google-explicit-constructor)
    return {memory_.get(), bytes_, place_};
  }
  operator Bytes() & noexcept {  // NOLINT(google-explicit-constructor)
    return {memory_.get(), bytes_, place_};
  }
  // Not of a temporary: its memory would be gone before the work is done.
  operator ConstBytes() const&& = delete;
  operator Bytes() && = delete;

 private:
  std::shared_ptr<void> memory_;
  std::int64_t bytes_;
  Place place_;
};

/// Owns the memory that a plan's calls need; one for each call that is in flight.
class TAKT_API Memory {
 public:
  /// Throws std::bad_alloc where memory is short, DeviceError where CUDA fails.
  explicit Memory(const Plan& plan);
  Memory(Memory&&) = default;  // what is left is refused by calls
  Memory& operator=(Memory&&) = default;

  operator MemoryView() & noexcept;   // NOLINT(google-explicit-constructor)
  operator MemoryView() && = delete;  // the memory would be gone before the work is done

 private:
  std::shared_ptr<void> scratch_;
  std::shared_ptr<void> saved_;
  std::int64_t scratch_bytes_;
  std::int64_t saved_bytes_;
  Place place_;
};

}  // namespace takt
