// Device and Stream: where work runs, and in which order.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <takt/export.hpp>
#include <takt/types.hpp>

struct CUstream_st;  // what a cudaStream_t points to

namespace takt {

struct CpuOptions {
  /// 0: as many as the process may run on at a time (affinity, the control group's quota). With
  /// more, threads wait for time slices where they should meet every few microseconds.
  int threads = 0;
  std::string instruction_set{};  ///< "": the best this machine has; else one of its `cpu_levels()`
};

/// A place to run. Copies are cheap and name the same device; a cpu device owns its thread pool,
/// which lives as long as any copy, plan or array of it.
/// Threads: one device may be used by many host threads at once; a cpu device runs their calls
/// one after another. After fork() the child makes devices of its own: calls of the parent's are
/// refused there.
class TAKT_API Device {
 public:
  /// The CPU, with a thread pool of its own. Throws ArgumentError for a thread count out of range
  /// or an instruction set that this machine or build does not have, DeviceError where the system
  /// gives no more threads, or the machine runs none of the levels that were built.
  static Device cpu(const CpuOptions& options = {});
  /// The GPU with this ordinal. Throws DeviceError, with the reason, where there is none.
  /// takt makes it the host thread's current device where it needs to, and puts back the one before
  /// (which CUDA then gives a context, if it had none).
  static Device cuda(int ordinal = 0);
  // No moves: a handle is never empty.
  Device(const Device&) = default;
  Device& operator=(const Device&) = default;

  DeviceKind kind() const noexcept;
  Place place() const noexcept;
  int threads() const noexcept;                         ///< of a cpu device; else 0
  const std::string& instruction_set() const noexcept;  ///< of a cpu device; else empty
  /// "cpu (AMD EPYC (family 25, model 17, stepping 1), 2 threads, x86-64-v4)", "cuda:0 (NVIDIA
  /// H200, compute capability 9.0, 132 SMs, 139 GiB)".
  std::string describe() const;

  friend bool operator==(const Device&, const Device&) = default;

  struct State;
  /// For takt's own sources, which know what is behind it.
  const std::shared_ptr<State>& state() const noexcept { return state_; }

 private:
  explicit Device(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

/// The first GPU that takt can use, else the CPU with a new thread pool.
TAKT_API Device best_device();

/// Instruction-set levels of the CPU path that were built and that this machine can run, the best
/// last: "x86-64-v2", "x86-64-v3", "x86-64-v4", or "generic".
TAKT_API std::vector<std::string> cpu_levels();

/// An order of work on a device; owns what it stands for. Calls on a cpu device are finished when
/// they return.
class TAKT_API Stream {
 public:
  /// On a GPU a stream that does not wait for the default one. Throws DeviceError where CUDA fails.
  explicit Stream(const Device& device);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream();

  const Device& device() const noexcept { return device_; }
  /// Returns when everything enqueued so far is done. Throws DeviceError where some of it failed.
  void synchronize() const;

 private:
  friend class StreamRef;
  Device device_;
  CUstream_st* handle_ = nullptr;
};

/// What calls take: a Stream, or a cudaStream_t of the caller's (null: the default stream of the
/// plan's device). Must live until the work is done, so a temporary Stream is refused at compile
/// time. Any cpu stream serves any cpu device; a Stream of one GPU is refused by plans of another.
/// A cudaStream_t does not tell whose it is: one of another GPU fails in CUDA, as a DeviceError.
class StreamRef {
 public:
  StreamRef(const Stream& stream) noexcept  // NOLINT(google-explicit-constructor)
      : place_(stream.device().place()), handle_(stream.handle_) {}
  StreamRef(Stream&&) = delete;
  StreamRef(const Stream&&) = delete;
  StreamRef(CUstream_st* stream) noexcept  // NOLINT(google-explicit-constructor)
      : place_(DeviceKind::cuda, unknown_ordinal), handle_(stream) {}

  DeviceKind kind() const noexcept { return place_.kind; }
  /// Its ordinal is -1 for a cudaStream_t, which does not tell.
  Place place() const noexcept { return place_; }
  CUstream_st* handle() const noexcept { return handle_; }

 private:
  static constexpr int unknown_ordinal = -1;
  Place place_;
  CUstream_st* handle_;
};

}  // namespace takt
