// The few operations beside takt that a language model needs, whatever the device.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include <takt/takt.hpp>

#include "adam.hpp"
#include "step_numbers.hpp"

namespace language_model {

/// Bytes in the memory of a device; copies share it.
struct DeviceBytes {
  std::shared_ptr<std::uint8_t> memory;
  std::int64_t size = 0;
};
/// Those from `first` to before `end`.
inline DeviceBytes part(const DeviceBytes& of, std::int64_t first, std::int64_t end) {
  return {{of.memory, of.memory.get() + first}, end - first};
}

/// Rows and columns of dense, row-major memory.
struct Matrix {
  takt::Pointer data;
  std::int64_t rows = 0, columns = 0;
};
struct ConstMatrix {
  ConstMatrix(takt::ConstPointer data_in, std::int64_t rows_in, std::int64_t columns_in,
              bool transposed_in = false)
      : data(data_in), rows(rows_in), columns(columns_in), transposed(transposed_in) {}
  ConstMatrix(const Matrix& matrix)  // NOLINT(google-explicit-constructor)
      : ConstMatrix(matrix.data, matrix.rows, matrix.columns) {}

  takt::ConstPointer data;
  std::int64_t rows, columns;  ///< as it lies in memory
  bool transposed;             ///< as an operand
};
inline ConstMatrix transposed(ConstMatrix matrix) {
  matrix.transposed = !matrix.transposed;
  return matrix;
}

/// The bytes of one call: T steps of B streams.
struct Batch {
  DeviceBytes inputs, targets;  ///< [T,B]
  DeviceBytes resets;           ///< [T,B], as takt::Inputs has it
  std::int64_t T, B;
};

/// One parameter and what training keeps beside it, `size` elements each.
struct Trained {
  takt::Pointer value, gradient, mean, square, average;
  double decay = 0;  ///< of the value itself, times the learning rate, in each step
};

/// Operations that run time and again, the same with the same arguments.
class Repeated {
 public:
  Repeated() = default;
  Repeated(const Repeated&) = delete;
  Repeated& operator=(const Repeated&) = delete;
  virtual ~Repeated() = default;
  virtual void run() = 0;
};

/// All of them enqueue on `stream()`, in order. Memory is that of `device()`; elements are f32 or
/// f64, the same throughout a call. Nothing that is written may overlap anything else, unless it is
/// said. The same calls on the same machine and build give the same bits.
class Operations {
 public:
  explicit Operations(const takt::Device& device) : device_(device), stream_(device) {}
  Operations(const Operations&) = delete;
  Operations& operator=(const Operations&) = delete;
  virtual ~Operations() = default;

  const takt::Device& device() const noexcept { return device_; }
  const takt::Stream& stream() const noexcept { return stream_; }

  virtual DeviceBytes make_bytes(std::int64_t size) = 0;  ///< zeros
  virtual void copy_to_device(std::span<const std::uint8_t> from, const DeviceBytes& to) = 0;
  /// Waits for the stream.
  virtual void copy_to_host(const DeviceBytes& from, std::span<std::uint8_t> to) = 0;
  /// `from` as elements of `to`.
  virtual void copy_to_device(std::span<const double> from, takt::Pointer to) = 0;

  /// What runs `operations`, which calls those below and takt's on `stream()`, begin_step before
  /// it. On a GPU they are recorded in a graph once their kernels are loaded, which later runs
  /// replay: what `operations` then does beside enqueueing happens no more.
  virtual std::unique_ptr<Repeated> repeat(std::function<void()> operations) = 0;
  /// Runs `work`, which enqueues operations; the seconds that they took. On a GPU they are measured
  /// in a few runs of what is repeated only, and 0 in all others.
  virtual double seconds(const std::function<void()>& work) = 0;

  /// Sets what the operations below read of the step; not to be part of what is repeated.
  virtual void begin_step(const StepNumbers& numbers) = 0;

  /// The text as a ring: stream b of B reads from `start` + b * (size / B) on.
  virtual void read_streams(const DeviceBytes& text, const Batch& batch) = 0;

  /// rows[r] = table[indices[r]]; the table has 256 rows.
  virtual void embed(const DeviceBytes& indices, takt::ConstPointer table, const Matrix& rows) = 0;
  /// Sets table[n] to the sum of those rows whose index is n.
  virtual void embed_gradient(const DeviceBytes& indices, const ConstMatrix& rows,
                              takt::Pointer table) = 0;

  /// c = a b.
  virtual void product(const ConstMatrix& a, const ConstMatrix& b, const Matrix& c) = 0;
  /// rows[r] += bias.
  virtual void add_bias(takt::ConstPointer bias, const Matrix& rows) = 0;
  /// bias = the sum of the rows.
  virtual void bias_gradient(const ConstMatrix& rows, takt::Pointer bias) = 0;

  /// mask[n] is 1 / (1 - rate), or 0 with probability `rate`: a function of (sequence, step, n).
  virtual void dropout_mask(std::uint64_t sequence, double rate, takt::Pointer mask) = 0;
  /// to[n] = from[n] * mask[n % size of mask]; `to` may be `from`.
  virtual void multiply(takt::ConstPointer from, takt::ConstPointer mask, takt::Pointer to) = 0;

  /// sum[0] += the sum over rows of -log softmax(logits)[target], in f64; where `gradient` is not
  /// null (it may be the logits), it becomes that of the mean over rows.
  virtual void cross_entropy(const ConstMatrix& logits, const DeviceBytes& targets,
                             takt::Pointer sum, takt::Pointer gradient) = 0;

  /// norm[0] = the Euclidean norm, in f64.
  virtual void norm(takt::ConstPointer values, takt::Pointer norm) = 0;
  /// A step of Adam with decoupled decay, from the gradient scaled as `norm` says, and of the
  /// average of the values.
  virtual void adam(const Trained& parameter, takt::ConstPointer norm,
                    const AdamOptions& options) = 0;

  /// Draws a byte from softmax(logits / temperature), by a number in [0, 1); the likeliest where
  /// the temperature is 0.
  virtual void sample(takt::ConstPointer logits, double temperature, double number,
                      const DeviceBytes& byte) = 0;

 private:
  takt::Device device_;
  takt::Stream stream_;
};

/// Products run on OpenBLAS, which is set to one thread: its own would wait, spinning, on the cores
/// that the device's threads work on, and a product's bits would depend on their number.
std::unique_ptr<Operations> cpu_operations(const takt::Device& device);

/// Makes the GPU the host thread's current device, for good. Throws Failure, naming the call and
/// its reason, as all of them do; std::bad_alloc where the GPU's memory is short.
std::unique_ptr<Operations> cuda_operations(const takt::Device& device);

/// One of them, as the device says.
std::unique_ptr<Operations> operations_on(const takt::Device& device);

}  // namespace language_model
