// The network as calls: embedding, a Plan for each layer, output; forward, loss and backward.
#pragma once

#include <cstdint>
#include <vector>

#include <takt/takt.hpp>

#include "model.hpp"
#include "operations.hpp"
#include "time_shares.hpp"

namespace language_model {

/// The states of all layers for B streams, carried from call to call. Copies share the memory.
struct States {
  States(const ModelSizes& sizes, std::int64_t B, const takt::Device& device,
         takt::DataType type = takt::DataType::f32);

  std::vector<takt::Array> h;  ///< a layer each, [B,H]
  std::vector<takt::Array> c;  ///< a layer each, [B,H]; none where the cell has no inner state
};

struct Dropout {
  double rate = 0;
  std::uint64_t seed = 0;
};

/// The model for calls of T steps of B streams, T and B as in `dims`.
class Network {
 public:
  /// Dropout acts, in training, on what each layer and the output read; one mask [B,width] serves
  /// all T steps of a call.
  Network(const ModelSizes& sizes, takt::Dims dims, takt::Mode mode, Operations& operations,
          const Dropout& dropout = {}, takt::DataType type = takt::DataType::f32);

  /// Logits of what follows each byte of `inputs` [T,B]. `states` become those after the last.
  /// `resets` [T,B] may be empty.
  void forward(const Parameters& parameters, const DeviceBytes& inputs, const DeviceBytes& resets,
               States& states);
  takt::Array& logits() noexcept { return logits_; }  ///< [T,B,256]

  /// Adds -log p of the targets [T,B] in rows `first` to `end` of the T * B to sum[0], in f64.
  void loss(const DeviceBytes& targets, std::int64_t first, std::int64_t end, takt::Array& sum);

  /// That of all rows, and the gradients of the mean loss, after a forward in training with the
  /// same parameters and bytes. The logits are gone then. Without `recurrence` the gradients of R
  /// stay as they are.
  void backward(const Parameters& parameters, const Batch& batch, takt::Array& sum,
                Parameters& gradients, bool recurrence = true);

  /// The next calls of forward read copies of the weights, packed by takt as they are now.
  void pack(const Parameters& parameters);

  /// Runs `work`, which enqueues operations, as a part of a step.
  template <class Work>
  void measure(Part part, const Work& work) {
    time_.add(part, operations_.seconds(work));
  }
  const TimeShares& time() const noexcept { return time_; }

 private:
  Matrix rows(takt::Array& array) const;
  takt::Inputs layer_inputs(const Parameters& parameters, std::size_t l,
                            const DeviceBytes& resets) const;
  void drop(std::size_t place, const takt::Array& from);

  ModelSizes sizes_;
  Operations& operations_;
  Dropout dropout_;
  std::vector<takt::Plan> plans_;
  std::vector<takt::Memory> memories_;
  std::vector<takt::PackedWeights> packed_;
  // Of layer l, at L of the output: what it reads [T,B,I], the gradient of that, and the mask [B,I]
  // of dropout. y [T,B,H] is what layer l writes; without dropout it is what comes next reads.
  std::vector<takt::Array> reads_, gradients_, masks_, y_;
  takt::Array logits_;
  TimeShares time_;
};

}  // namespace language_model
