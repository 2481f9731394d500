// Backward on the CPU: chunks of steps from the last to the first; each is one region over the
// recurrence, then dW, dR and dx as products of all its rows, and the bias gradients as column
// sums.
#include "cpu/call.hpp"
#include "cpu/run.hpp"
#include "say.hpp"

namespace takt::cpu {
namespace {

template <class Real>
class BackwardRun {
 public:
  BackwardRun(const Plan::State& plan, Dims dims, const Inputs& inputs, const Outputs& outputs,
              const Upstream& upstream, const Gradients& gradients, const MemoryView& memory)
      : plan_(plan),
        inputs_(inputs),
        gradients_(gradients),
        memory_(memory),
        call_(plan, dims, inputs),
        layout_(call_.sizes),
        x_(strided<const Real>(inputs.x, call_.sizes.I, dims, plan.spec.layout)),
        dx_(strided<Real>(gradients.dx, call_.sizes.I, dims, plan.spec.layout)) {
    const Layout order = plan.spec.layout;
    task_.y = strided<const Real>(ConstRows(outputs.y), call_.sizes.H, dims, order);
    task_.dy = strided<const Real>(upstream.dy, call_.sizes.H, dims, order);
    task_.dc_all = strided<const Real>(upstream.dc_all, call_.sizes.H, dims, order);
    task_.dhT = upstream.dhT.as<Real>();
    task_.dcT = upstream.dcT.as<Real>();
    task_.dh0 = gradients.dh0.as<Real>();
    task_.dc0 = gradients.dc0.as<Real>();
    if (gradients.weights.size() > 0) weights_ = gradients.weights[0];
  }

  void run() {
    const Sizes& sizes = call_.sizes;
    check_saved();
    const std::int64_t T = call_.walk.T, B = call_.walk.B;
    if (B > 0) prepare();
    const std::int64_t steps = B > 0 ? std::max<std::int64_t>(1, layout_.chunk_rows / B) : 1;
    const std::int64_t blocks = call_.blocks(call_.kernels.backward_block);
    const std::int64_t weights = sizes.G * sizes.H * sizes.H;
    const Split how =
        split(call_.device.pool->threads(), B, blocks, weights * sizes.element_bytes, weights * B);
    for (std::int64_t end = B > 0 ? T : 0; end > 0; end = call_.walk.step_begin) {
      call_.walk.step_end = end;
      call_.walk.step_begin = (end - 1) / steps * steps;
      task_.walk = call_.walk;
      task_.first_chunk = call_.walk.step_begin == 0;
      run_region(*call_.device.pool, how, B, blocks, call_.kernels.backward, task_);
      if (const std::int64_t rows = call_.rows_in_chunk(); rows > 0) {
        keep_drh_of_first_step();
        products(rows);
      }
    }
    finish();
  }

 private:
  template <class Element>
  Element* scratch(std::int64_t offset) const {
    return part<Element>(memory_.scratch, offset);
  }

  std::int64_t length(std::int64_t p) const { return call_.walk.sorted_lengths[p]; }

  /// Before anything is written.
  void check_saved() const {
    const auto& mark = *part<const SavedMark>(memory_.saved, SavedLayout(call_.sizes).mark);
    if (mark.written != SavedMark::forward_ran)
      refuse("backward", "saved", " holds no forward; run forward of this plan with it first");
    if (mark.T != call_.walk.T || mark.B != call_.walk.B)
      refuse("backward", "dims",
             " is T = " + number(call_.walk.T) + ", B = " + number(call_.walk.B) +
                 "; the forward that filled 'saved' had T = " + number(mark.T) +
                 ", B = " + number(mark.B));
  }

  void prepare() {
    const Sizes& sizes = call_.sizes;
    const SavedLayout saved(sizes);
    call_.sort_rows(inputs_.lengths.data(), scratch<std::int64_t>(layout_.lengths),
                    scratch<std::int32_t>(layout_.row_of));
    call_.set_start(*plan_.decision.cell, scratch<Real>(layout_.start));
    Real* R = scratch<Real>(layout_.R);
    if (call_.walk.T > 0) pack_weights(R);
    Real* zeros = scratch<Real>(layout_.zeros);
    std::fill_n(zeros, sizes.G * sizes.H, Real(0));
    std::fill_n(scratch<double>(layout_.sums), 2 * sizes.G * sizes.H, 0.0);
    task_.R = R;
    task_.zeros = zeros;
    task_.saved = part<const Real>(memory_.saved, saved.steps);
    task_.initial = part<const Real>(memory_.saved, saved.initial);
    task_.carry = scratch<Real>(layout_.carry);
    task_.drh_after = scratch<Real>(layout_.drh_after);
    task_.dwx = scratch<Real>(layout_.dwx);
    task_.drh = scratch<Real>(layout_.drh);
  }

  void pack_weights(Real* R) {
    const Sizes& sizes = call_.sizes;
    const std::int64_t GH = sizes.G * sizes.H;
    run_pack(call_.device, call_.kernels.pack_backward,
             {inputs_.weights[0].R.as<Real>(), GH, sizes.H, R},
             call_.blocks(call_.kernels.backward_block));
    if (dx_.data == nullptr || sizes.precomputed) return;
    const Products<Real>& products = products_of<Real>(*call_.device.level);
    run_pack(call_.device, products.pack,
             {inputs_.weights[0].W.as<Real>(), GH, sizes.I, scratch<Real>(layout_.W)},
             ceil_div(sizes.I, products.width));
  }

  /// The chunk before this one needs R^T drh of its first step.
  void keep_drh_of_first_step() {
    const std::int64_t active =
        call_.walk.active(call_.walk.time(call_.walk.step_begin), call_.walk.B);
    std::copy_n(task_.drh, active * call_.sizes.G * call_.sizes.H,
                scratch<Real>(layout_.drh_after));
  }

  void products(std::int64_t rows) {
    const std::int64_t GH = call_.sizes.G * call_.sizes.H;
    double* const sums = scratch<double>(layout_.sums);
    if (weights_.W) add_product(rows, task_.dwx, x_rows(), call_.sizes.I, weights_.W);
    if (weights_.R) add_product(rows, task_.drh, seen_rows(), call_.sizes.H, weights_.R);
    if (weights_.bW) run_columns<Real>(call_.device, {rows, GH, task_.dwx, sums});
    if (weights_.bR) run_columns<Real>(call_.device, {rows, GH, task_.drh, sums + GH});
    if (dx_.data != nullptr) store_dx(rows);
    summed_ = true;
  }

  /// to [G*H,width] = gates^T operands, or += where something is there already.
  void add_product(std::int64_t rows, const Real* gates, const Real* const* operands,
                   std::int64_t width, const Pointer& to) const {
    const std::int64_t GH = call_.sizes.G * call_.sizes.H;
    ProductTask<Real> product{.M = GH, .N = width, .K = rows};
    product.A = {gates, GH};
    product.A_transposed = true;
    product.B.table = operands;
    product.C = {to.as<Real>(), width};
    product.add = gradients_.accumulate || summed_;
    run_product(call_.device, product);
  }

  const Real* const* x_rows() const {
    return call_.row_table(
        scratch<const Real*>(layout_.rows),
        [&](std::int64_t t, std::int64_t, std::int64_t b) { return x_.row(t, b); });
  }

  /// The h that R saw: of the step before, the initial one, or the start value after a reset.
  const Real* const* seen_rows() const {
    const Walk<Real>& walk = call_.walk;
    return call_.row_table(scratch<const Real*>(layout_.rows),
                           [&](std::int64_t t, std::int64_t p, std::int64_t b) -> const Real* {
                             const bool first = walk.reverse ? t + 1 == length(p) : t == 0;
                             if (walk.is_reset(t, b)) return walk.start;
                             if (first) return task_.initial + p * call_.sizes.Hp;
                             return task_.y.row(walk.reverse ? t + 1 : t - 1, b);
                           });
  }

  void store_dx(std::int64_t rows) const {
    const std::int64_t I = call_.sizes.I, GH = call_.sizes.G * call_.sizes.H;
    const MatrixRows<const Real> dwx{task_.dwx, GH};
    MatrixRows<Real> dx;
    dx.table = call_.row_table(
        scratch<Real*>(layout_.rows),
        [&](std::int64_t t, std::int64_t, std::int64_t b) { return dx_.row(t, b); });
    if (call_.sizes.precomputed)
      return run_copy<Real>(call_.device, rows, {.width = GH, .from = dwx, .to = dx});
    ProductTask<Real> product{.M = rows, .N = I, .K = GH};
    product.A = dwx;
    product.packed_B = scratch<Real>(layout_.W);
    product.C = dx;
    run_product(call_.device, product);
  }

  void finish() {
    const std::int64_t I = call_.sizes.I, H = call_.sizes.H, GH = call_.sizes.G * H;
    if (!summed_ && !gradients_.accumulate) {
      if (weights_.W) std::fill_n(weights_.W.as<Real>(), GH * I, Real(0));
      if (weights_.R) std::fill_n(weights_.R.as<Real>(), GH * H, Real(0));
      if (weights_.bW) std::fill_n(weights_.bW.as<Real>(), GH, Real(0));
      if (weights_.bR) std::fill_n(weights_.bR.as<Real>(), GH, Real(0));
    } else if (summed_) {
      store_sums(scratch<double>(layout_.sums), weights_.bW);
      store_sums(scratch<double>(layout_.sums) + GH, weights_.bR);
    }
    for (std::int64_t p = 0; p < call_.walk.B; ++p) finish_row(p);
  }

  void store_sums(const double* sums, const Pointer& bias) const {
    for (std::int64_t k = 0; bias && k < call_.sizes.G * call_.sizes.H; ++k) {
      Real& element = bias.as<Real>()[k];
      element = static_cast<Real>(sums[k]) + (gradients_.accumulate ? element : Real(0));
    }
  }

  /// What lies outside a row's steps: dx of padding, and the initial states of a row without steps.
  void finish_row(std::int64_t p) {
    const std::int64_t B = call_.walk.B, H = call_.sizes.H, b = call_.walk.row_of[p];
    for (std::int64_t t = length(p); dx_.data != nullptr && t < call_.walk.T; ++t)
      std::fill_n(dx_.row(t, b), call_.sizes.I, Real(0));
    if (length(p) > 0) return;
    if (task_.dh0 != nullptr) pass(task_.dhT, b * H, task_.dh0);
    for (std::int64_t c = 0; task_.dc0 != nullptr && c < call_.sizes.C; ++c)
      pass(task_.dcT, (c * B + b) * H, task_.dc0);
  }

  void pass(const Real* from, std::int64_t offset, Real* to) const {
    for (std::int64_t j = 0; j < call_.sizes.H; ++j)
      to[offset + j] = from != nullptr ? from[offset + j] : Real(0);
  }

  const Plan::State& plan_;
  const Inputs& inputs_;
  const Gradients& gradients_;
  const MemoryView& memory_;
  Call<Real> call_;
  BackwardLayout layout_;
  Strided<const Real> x_;
  Strided<Real> dx_;
  LayerGradients weights_{};
  BackwardTask<Real> task_{};
  bool summed_ = false;  // weight gradients hold the sum of a chunk
};

}  // namespace

void backward(const Plan::State& plan, Dims dims, const Inputs& inputs, const Outputs& outputs,
              const Upstream& upstream, const Gradients& gradients, const MemoryView& memory) {
  if (plan.spec.type == DataType::f64)
    BackwardRun<double>(plan, dims, inputs, outputs, upstream, gradients, memory).run();
  else
    BackwardRun<float>(plan, dims, inputs, outputs, upstream, gradients, memory).run();
}

}  // namespace takt::cpu
