// Forward on the CPU: Wx of a chunk of steps as one product, then one region over the recurrence of
// the chunk.
#include "cpu/call.hpp"
#include "cpu/run.hpp"
#include "cpu/weights.hpp"
#include "say.hpp"

namespace takt::cpu {
namespace {

template <class Real>
class ForwardRun {
 public:
  ForwardRun(const Plan::State& plan, Dims dims, const Inputs& inputs, const Outputs& outputs,
             const MemoryView& memory)
      : plan_(plan),
        inputs_(inputs),
        outputs_(outputs),
        memory_(memory),
        call_(plan, dims, inputs),
        layout_(call_.sizes),
        x_(strided<const Real>(inputs.x, call_.sizes.I, dims, plan.spec.layout)) {
    task_.y = strided<Real>(outputs.y, call_.sizes.H, dims, plan.spec.layout);
    task_.c_all = strided<Real>(outputs.c_all, call_.sizes.H, dims, plan.spec.layout);
  }

  void run() {
    const Sizes& sizes = call_.sizes;
    const std::int64_t T = call_.walk.T, B = call_.walk.B;
    check_packed();
    if (plan_.mode == Mode::training)
      *part<SavedMark>(memory_.saved, SavedLayout(sizes).mark) = {SavedMark::forward_ran, T, B};
    if (B == 0) return;
    call_.sort_rows(inputs_.lengths.data(), scratch<std::int64_t>(layout_.lengths),
                    scratch<std::int32_t>(layout_.row_of));
    call_.set_start(*plan_.decision.cell, scratch<Real>(layout_.start));
    load_initial_states();
    if (T > 0) load_weights();
    const std::int64_t steps = std::max<std::int64_t>(1, layout_.chunk_rows / B);
    const std::int64_t blocks = call_.blocks(call_.kernels.forward_block);
    const std::int64_t weights = sizes.G * sizes.H * sizes.H;
    const int threads = call_.device.pool->threads();
    const Split how = task_.R_is_packed
                          ? split(threads, B, blocks, weights * sizes.element_bytes, weights * B)
                          : split_pass(threads, blocks, weights);
    for (std::int64_t s = 0; s < T; s += steps) {
      call_.walk.step_begin = s;
      call_.walk.step_end = std::min(T, s + steps);
      input_product();
      task_.walk = call_.walk;
      run_region(*call_.device.pool, how, B, blocks, call_.kernels.forward, task_);
    }
    store_final_states();
    fill_padding();
  }

 private:
  template <class Element>
  Element* scratch(std::int64_t offset) const {
    return part<Element>(memory_.scratch, offset);
  }

  /// Before anything is written.
  void check_packed() const {
    if (inputs_.packed.data == nullptr || plan_.decision.packed_bytes == 0) return;
    const auto& mark = *part<const PackedMark>(inputs_.packed, PackedLayout(call_.sizes).mark);
    if (mark != packed_mark(plan_, call_.sizes))
      refuse("forward", "packed",
             " holds no weights that Plan::pack wrote for this cell, type, I, H, input, bias and "
             "instruction set; pack them first");
  }

  /// Which half of h row p begins with, and which one it ends with.
  std::int64_t first_half(std::int64_t p) const {
    return call_.walk.reverse ? (call_.walk.T - length(p)) & 1 : 0;
  }
  std::int64_t last_half(std::int64_t p) const {
    return (call_.walk.reverse ? call_.walk.T : length(p)) & 1;
  }
  std::int64_t length(std::int64_t p) const { return call_.walk.sorted_lengths[p]; }

  /// Given [B,H] or start values into a row of Hp.
  void load_row(const ConstPointer& given, std::int64_t plane, std::int64_t b, std::int64_t state,
                Real* row) const {
    const std::int64_t H = call_.sizes.H, Hp = call_.sizes.Hp;
    std::memcpy(row, call_.walk.start + state * Hp, static_cast<std::size_t>(Hp) * sizeof(Real));
    if (given)
      std::memcpy(row, given.as<Real>() + (plane * call_.walk.B + b) * H,
                  static_cast<std::size_t>(H) * sizeof(Real));
  }

  void load_initial_states() {
    const std::int64_t B = call_.walk.B, Hp = call_.sizes.Hp, C = call_.sizes.C;
    task_.h = scratch<Real>(layout_.h);
    task_.inner = scratch<Real>(layout_.inner);
    for (std::int64_t p = 0; p < B; ++p) {
      const std::int64_t b = call_.walk.row_of[p];
      load_row(inputs_.h0, 0, b, 0, task_.h + (first_half(p) * B + p) * Hp);
      for (std::int64_t c = 0; c < C; ++c)
        load_row(inputs_.c0, c, b, 1 + c, task_.inner + (c * B + p) * Hp);
    }
    if (plan_.mode == Mode::training) save_initial_states();
  }

  void save_initial_states() {
    const std::int64_t B = call_.walk.B, Hp = call_.sizes.Hp;
    const SavedLayout saved(call_.sizes);
    Real* initial = part<Real>(memory_.saved, saved.initial);
    const auto row_bytes = static_cast<std::size_t>(Hp) * sizeof(Real);
    for (std::int64_t p = 0; p < B; ++p)
      std::memcpy(initial + p * Hp, task_.h + (first_half(p) * B + p) * Hp, row_bytes);
    std::memcpy(initial + B * Hp, task_.inner,
                row_bytes * static_cast<std::size_t>(B * call_.sizes.C));
    task_.saved = part<Real>(memory_.saved, saved.steps);
  }

  void load_weights() {
    if (inputs_.packed.data != nullptr) {
      const PackedLayout packed(call_.sizes);
      task_.R = part<const Real>(inputs_.packed, packed.R);
      task_.bias = part<const Real>(inputs_.packed, packed.bias);
      W_ = part<const Real>(inputs_.packed, packed.W);
      return;
    }
    const LayerWeights& layer = inputs_.weights[0];
    task_.R_is_packed = packs_R(call_.walk.T, call_.walk.B);
    task_.R = task_.R_is_packed ? pack_R(call_, layer, scratch<Real>(layout_.R))
                                : layer.R.as<const Real>();
    task_.bias = pack_biases(call_.sizes, layer, scratch<Real>(layout_.bias));
    if (!call_.sizes.precomputed && packs_W(call_.walk.T, call_.walk.B))
      W_ = pack_W(call_, layer, scratch<Real>(layout_.W));
  }

  /// Wx of the chunk's rows; padding is never an operand.
  void input_product() {
    const std::int64_t I = call_.sizes.I, GH = call_.sizes.G * call_.sizes.H;
    const std::int64_t rows = call_.rows_in_chunk();
    Real* Wx = scratch<Real>(layout_.Wx);
    task_.Wx = Wx;
    if (rows == 0) return;
    if (call_.sizes.precomputed) return copy_input(rows, Wx);
    const MatrixRows<const Real> x{.table = x_rows()};
    if (W_ == nullptr && rows <= most_given_rows)
      return run_given_product<Real>(call_.device,
                                     {rows, GH, I, x, inputs_.weights[0].W.as<Real>(), {Wx, GH}});
    ProductTask<Real> product{.M = rows, .N = GH, .K = I, .A = x};
    product.C = {Wx, GH};
    product.packed_B = W_;
    if (W_ == nullptr) {
      product.B_transposed = true;
      product.B = {inputs_.weights[0].W.as<Real>(), I};
    }
    run_product(call_.device, product);
  }

  /// x is W x already: read as it lies where that is the order of the chunk's rows.
  void copy_input(std::int64_t rows, Real* Wx) {
    const std::int64_t B = call_.walk.B, GH = call_.sizes.I;
    if (!inputs_.lengths && !call_.walk.reverse && x_.b_stride == GH && x_.t_stride == B * GH) {
      task_.Wx = x_.row(call_.walk.step_begin, 0);
      return;
    }
    CopyTask<Real> copy{.width = GH, .to = {Wx, GH}};
    copy.from.table = x_rows();
    run_copy(call_.device, rows, copy);
  }

  const Real* const* x_rows() const {
    return call_.row_table(
        scratch<const Real*>(layout_.x_rows),
        [&](std::int64_t t, std::int64_t, std::int64_t b) { return x_.row(t, b); });
  }

  void store_final_states() {
    const std::int64_t B = call_.walk.B, H = call_.sizes.H, Hp = call_.sizes.Hp;
    for (std::int64_t p = 0; p < B; ++p) {
      const std::int64_t b = call_.walk.row_of[p];
      if (outputs_.hT)
        std::copy_n(task_.h + (last_half(p) * B + p) * Hp, H, outputs_.hT.as<Real>() + b * H);
      for (std::int64_t c = 0; outputs_.cT && c < call_.sizes.C; ++c)
        std::copy_n(task_.inner + (c * B + p) * Hp, H, outputs_.cT.as<Real>() + (c * B + b) * H);
    }
  }

  void fill_padding() {
    if (!inputs_.lengths) return;
    const auto fill = static_cast<Real>(plan_.spec.fill);
    for (std::int64_t p = 0; p < call_.walk.B; ++p)
      for (std::int64_t t = length(p); t < call_.walk.T; ++t) {
        const std::int64_t b = call_.walk.row_of[p];
        if (task_.y.data != nullptr) std::fill_n(task_.y.row(t, b), call_.sizes.H, fill);
        for (std::int64_t c = 0; task_.c_all.data != nullptr && c < call_.sizes.C; ++c)
          std::fill_n(task_.c_all.row(t, b) + c * task_.c_all.state_stride, call_.sizes.H, fill);
      }
  }

  const Plan::State& plan_;
  const Inputs& inputs_;
  const Outputs& outputs_;
  const MemoryView& memory_;
  Call<Real> call_;
  ForwardLayout layout_;
  Strided<const Real> x_;
  const Real* W_ = nullptr;  // packed; null: it is read where it lies
  ForwardTask<Real> task_{};
};

}  // namespace

void forward(const Plan::State& plan, Dims dims, const Inputs& inputs, const Outputs& outputs,
             const MemoryView& memory) {
  if (plan.spec.type == DataType::f64)
    ForwardRun<double>(plan, dims, inputs, outputs, memory).run();
  else
    ForwardRun<float>(plan, dims, inputs, outputs, memory).run();
}

}  // namespace takt::cpu
