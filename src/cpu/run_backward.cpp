// Backward on the CPU: chunks of steps from the last to the first; each is one region over the
// recurrence, then dW, dR and dx as products of all its rows, and the bias gradients as column
// sums.
#include "cpu/blas.hpp"
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
    const std::int64_t blocks =
        ceil_div(ceil_div(sizes.H, call_.kernels.vector), call_.kernels.backward_block);
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
    if (call_.walk.T > 0) call_.kernels.pack_backward(inputs_.weights[0].R.as<Real>(), sizes.H, R);
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

  /// The chunk before this one needs R^T drh of its first step.
  void keep_drh_of_first_step() {
    const std::int64_t active =
        call_.walk.active(call_.walk.time(call_.walk.step_begin), call_.walk.B);
    std::copy_n(task_.drh, active * call_.sizes.G * call_.sizes.H,
                scratch<Real>(layout_.drh_after));
  }

  void products(std::int64_t rows) {
    const std::int64_t I = call_.sizes.I, H = call_.sizes.H, GH = call_.sizes.G * H;
    const Real beta = gradients_.accumulate || summed_ ? Real(1) : Real(0);
    Real* operand = scratch<Real>(layout_.rows);
    if (weights_.W) {
      gather_x(operand);
      add_product_of_rows(rows, GH, I, task_.dwx, operand, beta, weights_.W.as<Real>());
    }
    if (weights_.R) {
      gather_h(operand);
      add_product_of_rows(rows, GH, H, task_.drh, operand, beta, weights_.R.as<Real>());
    }
    if (weights_.bW) add_columns(rows, task_.dwx, scratch<double>(layout_.sums));
    if (weights_.bR) add_columns(rows, task_.drh, scratch<double>(layout_.sums) + GH);
    if (dx_.data != nullptr) {
      product(rows, I, GH, task_.dwx, inputs_.weights[0].W.as<Real>(), operand);
      call_.for_rows_of_chunk([&](std::int64_t row, std::int64_t t, std::int64_t, std::int64_t b) {
        std::copy_n(operand + row * I, I, dx_.row(t, b));
      });
    }
    summed_ = true;
  }

  void gather_x(Real* to) const {
    const std::int64_t I = call_.sizes.I;
    call_.for_rows_of_chunk([&](std::int64_t row, std::int64_t t, std::int64_t, std::int64_t b) {
      std::copy_n(x_.row(t, b), I, to + row * I);
    });
  }

  /// The h that R saw: of the step before, the initial one, or the start value after a reset.
  void gather_h(Real* to) const {
    const Walk<Real>& walk = call_.walk;
    const std::int64_t H = call_.sizes.H, Hp = call_.sizes.Hp;
    call_.for_rows_of_chunk([&](std::int64_t row, std::int64_t t, std::int64_t p, std::int64_t b) {
      const bool first = walk.reverse ? t + 1 == length(p) : t == 0;
      const Real* seen = walk.is_reset(t, b) ? walk.start
                         : first             ? task_.initial + p * Hp
                                             : task_.y.row(walk.reverse ? t + 1 : t - 1, b);
      std::copy_n(seen, H, to + row * H);
    });
  }

  /// Column sums in double, rows in order.
  void add_columns(std::int64_t rows, const Real* values, double* sums) const {
    const std::int64_t GH = call_.sizes.G * call_.sizes.H;
    for (std::int64_t row = 0; row < rows; ++row)
      for (std::int64_t k = 0; k < GH; ++k) sums[k] += static_cast<double>(values[row * GH + k]);
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
