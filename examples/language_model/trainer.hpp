// Training: truncated backpropagation through a text, and what it can be judged by.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include <takt/takt.hpp>

#include "model.hpp"
#include "network.hpp"
#include "operations.hpp"
#include "text.hpp"

namespace language_model {

/// What a run is, beside the model's sizes and the text: the same gives the same weights.
struct TrainingOptions {
  std::int64_t steps = 2000;    ///< of Adam
  std::int64_t window = 64;     ///< T: bytes that gradients reach back
  std::int64_t streams = 16;    ///< B: places in the text that are read at a time
  double learning_rate = 0.01;  ///< at most: it rises for 5 % of the steps, then falls as a cosine
  double dropout = 0.5;
  double decay = 0.3;           ///< of matrices, times the learning rate, in each step
  double most_norm = 1;         ///< of the gradient
  double average_decay = 0.99;  ///< of the average of the weights that judges and writes
  std::uint64_t seed = 1;
  bool recurrence = true;  ///< false, for comparison: R is 0 and stays 0
  friend bool operator==(const TrainingOptions&, const TrainingOptions&) = default;
};

/// What step `step` (from 0) of a run on a text of this size is.
StepNumbers step_numbers(const TrainingOptions& options, std::int64_t text_size, std::int64_t step);

/// Judges weights by a text that they have not learnt, one byte after the other, the state carried.
class Judge {
 public:
  /// At most this much of the text is looked at.
  static constexpr std::int64_t most_bytes = 1 << 16;

  /// `before` precedes the text; its end is read first, and does not count.
  Judge(const ModelSizes& sizes, std::span<const std::uint8_t> before,
        std::span<const std::uint8_t> text, Operations& operations, takt::DataType type);

  double bits_per_byte(const Parameters& parameters);

 private:
  static constexpr std::int64_t window = 512, most_before = 256;

  ModelSizes sizes_;
  Operations& operations_;
  takt::DataType type_;
  std::int64_t unjudged_;  // rows before the first that counts
  std::int64_t rows_;      // all of them
  Network network_;
  DeviceBytes text_;
  takt::Array sum_;
};

/// Everything that training changes, so everything that resuming needs.
struct TrainingState {
  TrainingState(const ModelSizes& sizes, const TrainingOptions& options, const takt::Device& device,
                takt::DataType type);

  std::int64_t step = 0;  ///< done
  Parameters weights, average, mean, square;
  States states;
  takt::Array loss;  ///< [1] f64, summed since `loss_steps` steps
  std::int64_t loss_steps = 0;
};

/// What a trainer's weights are at first: those that the seed draws, or zeros for a state that is
/// to be loaded.
enum class Start { drawn, zeros };

class Trainer {
 public:
  /// `text` is copied.
  Trainer(const ModelSizes& sizes, const TrainingOptions& options,
          std::span<const std::uint8_t> text, Operations& operations,
          takt::DataType type = takt::DataType::f32, Start start = Start::drawn);
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  /// A step of Adam from the next `window` bytes of every stream. The streams start in equal
  /// distances; after a pass over the text they start anew, elsewhere.
  void step();

  /// Of what the steps since the last call of this have read, as they found it.
  double training_bits_per_byte();

  std::int64_t bytes_per_step() const { return options_.window * options_.streams; }
  const TrainingState& state() const { return state_; }
  TrainingState& state() { return state_; }
  const TimeShares& time() const { return network_.time(); }

 private:
  void run_step();
  void update();

  ModelSizes sizes_;
  TrainingOptions options_;
  Operations& operations_;
  Network network_;
  DeviceBytes text_;
  Batch batch_;
  Parameters gradients_;
  takt::Array norm_;
  TrainingState state_;
  std::unique_ptr<Repeated> repeated_step_;
};

}  // namespace language_model
