// What both passes do around their persistent kernels: pack R, order rows, clear what a grid
// exchanges through, launch the groups of a chunk.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include <takt/kernels/order.cuh>

#include "cuda/call.cuh"
#include "cuda/persistent.cuh"
#include "cuda/persistent.hpp"

namespace takt::cuda {

/// visit.operator()<Product>() for what persistent kernels multiply by in a plan of this type.
template <class Real, class Visit>
void with_product(Math math, const Visit& visit) {
  if constexpr (std::is_same_v<Real, float>)
    math == Math::tf32 ? visit.template operator()<Tf32Product>()
                       : visit.template operator()<StrictProduct>();
  else if constexpr (!std::is_same_v<Real, double>)
    visit.template operator()<TensorProduct<Real>>();
}

/// A call of which one pass may be persistent: then `shape` is not null.
template <class Real>
class PersistentCall : protected Call<Real> {
  using Base = Call<Real>;

 protected:
  using Base::B, Base::H;

  PersistentCall(const Plan::State& plan, Dims dims, const Inputs& inputs, const MemoryView& memory,
                 StreamRef stream, const std::optional<policy::PersistentShape>& shape)
      : Base(plan, dims, inputs, memory, stream), shape_(shape ? &*shape : nullptr) {}

  /// Once a call, before its first chunk.
  void prepare_persistent(const PersistentLayout& at, const ConstPointer& R) {
    with_product<Real>(this->plan_.spec.math, [&]<class Product>() {
      PackFragments<Real> pack{.H = H, .gates = shape_->gates, .backward = shape_->backward};
      pack.R = R.template as<Real>();
      pack.packed = this->template scratch<uint4>(at.R);
      pack_fragments<Product>(pack, this->stream_);
    });
    if (shape_->in_grid) {  // no epoch yet, and nothing in what pads a row
      const std::int64_t used = at.ring - at.epochs + shape_->groups(B) * shape_->ring_bytes();
      check("cudaMemsetAsync", cudaMemsetAsync(this->template scratch<void>(at.epochs), 0,
                                               static_cast<std::size_t>(used), this->stream_));
    }
    if (!this->is_ragged()) return;
    launch_over("order_rows_kernel", &order_rows_kernel, B, this->stream_,
                OrderRows{B, this->place_.lengths, this->template scratch<std::int32_t>(at.order)});
  }

  /// The pass adds what is its own.
  template <class Chunk>
  Chunk persistent_chunk(const PersistentLayout& at, std::int64_t begin, std::int64_t end) const {
    Chunk chunk;
    chunk.place = this->place_;
    chunk.begin = static_cast<int>(begin);
    chunk.end = static_cast<int>(end);
    chunk.in_time_order = this->in_time_order();
    if (this->is_ragged()) chunk.order = this->template scratch<std::int32_t>(at.order);
    chunk.R = this->template scratch<const uint4>(at.R);
    chunk.ring = this->template scratch<unsigned char>(at.ring);
    chunk.epochs = this->template scratch<std::uint32_t>(at.epochs);
    chunk.patience_ns = this->plan_.spec.wait_limit_ms * 1'000'000;
    return chunk;
  }

  /// Chunks that know nothing of each other. Groups whose blocks wait for each other by memory
  /// alone must all be on the device.
  template <class Chunk>
  void run_groups(std::span<Chunk> chunks, int groups_at_once) const {
    const auto count = static_cast<std::int64_t>(chunks.size());
    const std::int64_t groups = shape_->groups(B);
    const std::int64_t at_once = shape_->in_grid ? groups_at_once : count * groups;
    for_each_launch(count, groups, at_once, [&](const LaunchPart& part) {
      PersistentLaunch<Chunk> launch{.shape = *shape_,
                                     .first_group = static_cast<int>(part.first_group)};
      const auto of_launch = chunks.subspan(static_cast<std::size_t>(part.first_chunk),
                                            static_cast<std::size_t>(part.chunks));
      std::copy(of_launch.begin(), of_launch.end(), launch.chunks);
      with_product<Real>(this->plan_.spec.math, [&]<class Product>() {
        persistent_launches<Product, Chunk>(this->plan_.decision.cell_index)
            .run(launch, part, this->stream_);
      });
    });
  }

  const policy::PersistentShape* const shape_;  // null: by steps
};

/// Loads the kernel of a pass: how many of its groups run at once.
template <class Real, template <class> class Pass>
int load_persistent(const Device& device, Math math, std::int64_t cell_index,
                    const policy::PersistentShape& shape) {
  int at_once = 0;
  with_product<Real>(math, [&]<class Product>() {
    const auto& launches = persistent_launches<Product, Pass<Real>>(cell_index);
    const DeviceFacts& facts = device.state()->facts;
    launches.load(shape, facts.shared_bytes_per_block);
    load_pack_fragments<Product>();
    at_once = launches.groups_at_once(shape, facts.multiprocessors);
  });
  return at_once;
}

}  // namespace takt::cuda
