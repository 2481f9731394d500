// Backward, from the last step to the first: by steps (for each one kernel for all gates and one
// product R^T drh) or by one persistent kernel for all steps of a chunk; after each chunk dW, dR
// and dx as products of all its rows, and the bias gradients as column sums.
#include <utility>

#include <takt/kernels/column_sums.cuh>
#include <takt/kernels/initial_gradients.cuh>
#include <takt/kernels/store_sums.cuh>

#include "cuda/persistent_call.cuh"
#include "cuda/step.cuh"

namespace takt::cuda {
namespace {

template <class Real>
class BackwardRun : PersistentCall<Real> {
  using Base = Call<Real>;
  using Acc = typename Base::Acc;
  using Base::T, Base::B, Base::I, Base::H, Base::GH, Base::C;
  using PersistentCall<Real>::shape_;
  /// Sums over chunks cannot be kept in the caller's 16 bits.
  static constexpr bool narrow = !std::is_same_v<Real, Acc>;

 public:
  BackwardRun(const Plan::State& plan, Dims dims, const Inputs& inputs, const Outputs& outputs,
              const Upstream& upstream, const Gradients& gradients, const MemoryView& memory,
              StreamRef stream)
      : PersistentCall<Real>(plan, dims, inputs, memory, stream, plan.decision.persistent_backward),
        upstream_(upstream),
        gradients_(gradients),
        weights_(inputs.weights[0]),
        layout_(this->sizes_),
        saved_(this->sizes_),
        x_(over_time<const Real>(inputs.x, I, dims, plan.spec.layout)),
        y_(over_time<const Real>(ConstRows(outputs.y), H, dims, plan.spec.layout)),
        dy_(over_time<const Real>(upstream.dy, H, dims, plan.spec.layout)),
        dc_all_(over_time<const Acc>(upstream.dc_all, H, dims, plan.spec.layout)),
        dx_(over_time<Real>(gradients.dx, I, dims, plan.spec.layout)),
        dwx_(this->template scratch<Real>(layout_.dwx)),
        drh_(this->template scratch<Real>(layout_.drh)),
        rows_(this->template scratch<Real>(layout_.rows)) {
    if (gradients.weights.size() > 0) wanted_ = gradients.weights[0];
  }

  void run() {
    const bool empty = T == 0 || B == 0;
    if (!empty) bind();
    this->prepare_rows(layout_.status, layout_.lengths, nullptr,
                       this->template saved<const SavedMark>(saved_.mark));
    if (!empty && shape_ != nullptr) this->prepare_persistent(layout_.persistent, weights_.R);
    const std::int64_t steps = this->steps_of(layout_.chunk_rows);
    for (std::int64_t end = empty ? 0 : T; end > 0;) {
      const std::int64_t begin = (end - 1) / steps * steps;
      if (shape_ != nullptr)
        run_persistent(begin, end);
      else
        for (std::int64_t s = end; s-- > begin;) step(s, begin, end);
      products(begin, end);
      end = begin;
    }
    if (empty && !gradients_.accumulate) clear_weights();
    if (!empty) store_weights();
    if (B > 0 && (gradients_.dh0 || gradients_.dc0)) store_initial();
  }

 private:
  void bind() {
    void* const workspace = this->template scratch<void>(layout_.workspace);
    const std::int64_t steps = std::min(T, this->steps_of(layout_.chunk_rows));
    const std::int64_t rows = steps * B, last = ((T - 1) % steps + 1) * B;
    const auto over_chunks = [&](const Product& product, std::int64_t stride, bool aligned) {
      return ChunkProduct(product, rows, last, stride, aligned, workspace);
    };
    // A step's rows begin where those before it in the chunk end.
    const bool steps_aligned = B * GH % Base::wide_units == 0;
    if (shape_ == nullptr)
      recurrent_ = this->prepared_.recurrent_gradient.bind(
          {B, GH, steps_aligned && is_wide(weights_.R.data())}, workspace);
    x_stride_ = this->uniform_stride(x_);
    dx_stride_ = dx_.data == nullptr ? 0 : this->uniform_stride(dx_);
    if (dx_stride_ != I) dx_stride_ = 0;  // a product writes rows without gaps
    if (wanted_.W)
      W_product_ =
          over_chunks(this->prepared_.W_gradient, x_stride_ > 0 ? x_stride_ : I,
                      rows_are_wide(x_, x_stride_, I) && (narrow || is_wide(wanted_.W.data())));
    if (wanted_.R)
      R_product_ = over_chunks(this->prepared_.R_gradient, H, narrow || is_wide(wanted_.R.data()));
    if (dx_.data != nullptr && !this->sizes_.precomputed)
      x_product_ = over_chunks(this->prepared_.input_gradient, GH,
                               is_wide(weights_.W.data()) && rows_are_wide(dx_, dx_stride_, I));
    parts_ = policy::ColumnSums::parts(rows);
    constexpr int units = Base::wide_units;
    wide_ = H % units == 0 && is_wide(y_) && is_wide(dy_) && is_wide(dc_all_) &&
            is_wide(upstream_.dhT.data()) && is_wide(upstream_.dcT.data());
    wide_x_ = I % units == 0 && is_wide(x_);
    wide_y_ = H % units == 0 && is_wide(y_);
    wide_dx_ = I % units == 0 && is_wide(dx_);
  }

  void step(std::int64_t s, std::int64_t begin, std::int64_t end) {
    const std::int64_t BH = B * H, row = this->index_of(s, begin, end) * B * GH;
    const Acc* const inner = this->template saved<const Acc>(saved_.inner);
    Acc* const dRh = this->template scratch<Acc>(layout_.dRh);
    StepBackward<Real> step;
    step.place = this->place_of(s);
    step.dy = dy_;
    step.dc_all = dc_all_;
    step.dhT = upstream_.dhT.template as<Real>();
    step.dcT = upstream_.dcT.template as<Acc>();
    step.y = y_;
    step.h0 = this->template saved<const Real>(saved_.h0);
    step.inner_old = inner + s * C * BH;
    step.inner_next = inner + (s + 1) * C * BH;
    step.saved = this->template saved<const Real>(saved_.steps) + s * this->sizes_.V * BH;
    step.dRh = s == T - 1 ? nullptr : dRh;
    step.dh = this->template scratch<Acc>(layout_.dh);
    step.dinner = this->template scratch<Acc>(layout_.dinner);
    step.dwx = dwx_ + row;
    step.drh = this->sizes_.shared_gradient ? nullptr : drh_ + row;
    step_launches<Real>(this->plan_.decision.cell_index).backward(step, wide_, this->stream_);
    if (s > 0 || gradients_.dh0)
      recurrent_.run(drh_ + row, weights_.R.data(), dRh, false, this->stream_);
  }

  void run_persistent(std::int64_t begin, std::int64_t end) {
    const std::int64_t BH = B * H;
    auto chunk =
        this->template persistent_chunk<PersistentBackward<Real>>(layout_.persistent, begin, end);
    chunk.status = this->template scratch<StatusWord>(layout_.status);
    chunk.dy = dy_;
    chunk.dc_all = dc_all_;
    chunk.dhT = upstream_.dhT.template as<Real>();
    chunk.dcT = upstream_.dcT.template as<Acc>();
    chunk.y = y_;
    chunk.h0 = this->template saved<const Real>(saved_.h0);
    chunk.inner = this->template saved<const Acc>(saved_.inner) + begin * C * BH;
    chunk.saved = this->template saved<const Real>(saved_.steps) + begin * this->sizes_.V * BH;
    chunk.dh = this->template scratch<Acc>(layout_.dh);
    chunk.dRh = this->template scratch<Acc>(layout_.dRh);
    chunk.dinner = this->template scratch<Acc>(layout_.dinner);
    chunk.dwx = dwx_;
    chunk.drh = this->sizes_.shared_gradient ? nullptr : drh_;
    // The products read all rows; those that do not run a step are not written.
    const std::int64_t gates = (end - begin) * B * GH;
    if (this->is_ragged()) clear(dwx_, gates);
    if (this->is_ragged() && chunk.drh != nullptr) clear(drh_, gates);
    this->run_groups(std::span(&chunk, 1), this->plan_.decision.backward_groups_at_once);
  }

  void products(std::int64_t begin, std::int64_t end) {
    const std::int64_t rows = (end - begin) * B;
    const bool add = end < T;  // to what later steps left
    if (wanted_.W) {
      const Real* operand = x_.data + this->first_time(begin, end) * x_.time_stride;
      if (x_stride_ == 0) operand = gather_x(begin, end);
      W_product_.of(rows).run(dwx_, operand, sum_of_W(), add || adds_at_once(), this->stream_);
    }
    if (wanted_.R) {
      gather_seen(begin, end);
      R_product_.of(rows).run(drh_, rows_, sum_of_R(), add || adds_at_once(), this->stream_);
    }
    add_columns(rows, !add);
    if (dx_.data == nullptr) return;
    if (this->sizes_.precomputed) return scatter_dx(begin, end, dwx_);
    Real* const dx =
        dx_stride_ > 0 ? dx_.data + this->first_time(begin, end) * dx_.time_stride : rows_;
    x_product_.of(rows).run(dwx_, weights_.W.data(), dx, false, this->stream_);
    if (dx_stride_ == 0) scatter_dx(begin, end, rows_);
  }

  /// Where products over chunks add up.
  void* sum_of_W() const {
    return narrow ? this->template scratch<void>(layout_.dW) : wanted_.W.data();
  }
  void* sum_of_R() const {
    return narrow ? this->template scratch<void>(layout_.dR) : wanted_.R.data();
  }
  bool adds_at_once() const { return !narrow && gradients_.accumulate; }

  const Real* gather_x(std::int64_t begin, std::int64_t end) {
    launch_over(
        "gather_rows_kernel",
        wide_x_ ? &gather_rows_kernel<Real, Base::wide_units> : &gather_rows_kernel<Real, 1>,
        (end - begin) * B * (wide_x_ ? I / Base::wide_units : I), this->stream_,
        GatherRows<Real>{this->chunk(begin, end, I), x_, rows_});
    return rows_;
  }

  void gather_seen(std::int64_t begin, std::int64_t end) {
    launch_over(
        "gather_seen_kernel",
        wide_y_ ? &gather_seen_kernel<Real, Base::wide_units> : &gather_seen_kernel<Real, 1>,
        (end - begin) * B * (wide_y_ ? H / Base::wide_units : H), this->stream_,
        GatherSeen<Real>{this->chunk(begin, end, H), y_,
                         this->template saved<const Real>(saved_.h0), rows_});
  }

  void scatter_dx(std::int64_t begin, std::int64_t end, const Real* from) {
    launch_over(
        "scatter_rows_kernel",
        wide_dx_ ? &scatter_rows_kernel<Real, Base::wide_units> : &scatter_rows_kernel<Real, 1>,
        (end - begin) * B * (wide_dx_ ? I / Base::wide_units : I), this->stream_,
        ScatterRows<Real>{this->chunk(begin, end, I), from, dx_});
  }

  double* bias_sums(int tensor) const {
    return this->template scratch<double>(layout_.sums) +
           tensor * policy::ColumnSums::most_parts * GH;
  }

  void add_columns(std::int64_t rows, bool first) {
    using Policy = policy::ColumnSums;
    ColumnSums<Real> sums{.rows = rows, .columns = GH};
    unsigned tensors = 0;
    if (wanted_.bW) sums.from[tensors] = dwx_, sums.sums[tensors++] = bias_sums(0);
    if (wanted_.bR) sums.from[tensors] = drh_, sums.sums[tensors++] = bias_sums(1);
    sums.first = first;
    if (tensors == 0) return;
    launch("column_sums_kernel", &column_sums_kernel<Real>,
           dim3(static_cast<unsigned>(ceil_div(GH, Policy::columns)), static_cast<unsigned>(parts_),
                tensors),
           dim3(Policy::columns, Policy::lanes), this->stream_, sums);
  }

  template <class Sum>
  void store_sums(const Sum* sums, std::int64_t parts, std::int64_t size, const Pointer& to) {
    launch_over("store_sums_kernel", &store_sums_kernel<Real, Sum>, size, this->stream_,
                StoreSums<Real, Sum>{.size = size,
                                     .parts = parts,
                                     .sums = sums,
                                     .to = to.template as<Real>(),
                                     .accumulate = gradients_.accumulate});
  }

  void store_weights() {
    if (narrow && wanted_.W)
      store_sums(this->template scratch<const Acc>(layout_.dW), 1, GH * I, wanted_.W);
    if (narrow && wanted_.R)
      store_sums(this->template scratch<const Acc>(layout_.dR), 1, GH * H, wanted_.R);
    if (wanted_.bW) store_sums<double>(bias_sums(0), parts_, GH, wanted_.bW);
    if (wanted_.bR) store_sums<double>(bias_sums(1), parts_, GH, wanted_.bR);
  }

  /// Without a row nothing is summed.
  void clear_weights() {
    const std::pair<Pointer, std::int64_t> all[] = {
        {wanted_.W, GH * I}, {wanted_.R, GH * H}, {wanted_.bW, GH}, {wanted_.bR, GH}};
    for (const auto& [to, size] : all)
      if (to) clear(to.data(), size);
  }
  void clear(void* to, std::int64_t elements) const {
    check("cudaMemsetAsync",
          cudaMemsetAsync(to, 0, static_cast<std::size_t>(elements) * sizeof(Real), this->stream_));
  }

  void store_initial() {
    InitialGradients<Real> initial{.place = this->place_of(0), .C = C};
    initial.dh = this->template scratch<const Acc>(layout_.dh);
    initial.dRh = this->template scratch<const Acc>(layout_.dRh);
    initial.dinner = this->template scratch<const Acc>(layout_.dinner);
    initial.dhT = upstream_.dhT.template as<Real>();
    initial.dcT = upstream_.dcT.template as<Acc>();
    initial.dh0 = gradients_.dh0.template as<Real>();
    initial.dc0 = gradients_.dc0.template as<Acc>();
    launch_over("initial_gradients_kernel", &initial_gradients_kernel<Real>, B * H, this->stream_,
                initial);
  }

  const Upstream& upstream_;
  const Gradients& gradients_;
  const LayerWeights& weights_;
  BackwardLayout layout_;
  SavedLayout saved_;
  LayerGradients wanted_{};
  OverTime<const Real> x_, y_, dy_;
  OverTime<const Acc> dc_all_;
  OverTime<Real> dx_;
  Real *dwx_, *drh_, *rows_;
  std::int64_t x_stride_ = 0, dx_stride_ = 0;
  int parts_ = 1;  // of the bias gradients' sums
  bool wide_ = false, wide_x_ = false, wide_y_ = false, wide_dx_ = false;
  BoundProduct recurrent_;
  ChunkProduct W_product_, R_product_, x_product_;
};

}  // namespace

void load_backward(const Plan::State& plan) {
  with_type(plan.spec.type, [&]<class Real>() {
    constexpr int wide = Call<Real>::wide_units;
    using Acc = Accumulator<Real>;
    // Those that forward.cu launches too are other functions there.
    load("prepare_rows_kernel", &prepare_rows_kernel);
    if (plan.spec.input == InputMode::product) {
      load("gather_rows_kernel", &gather_rows_kernel<Real, wide>);
      load("gather_rows_kernel", &gather_rows_kernel<Real, 1>);
    }
    load("gather_seen_kernel", &gather_seen_kernel<Real, wide>);
    load("gather_seen_kernel", &gather_seen_kernel<Real, 1>);
    load("scatter_rows_kernel", &scatter_rows_kernel<Real, wide>);
    load("scatter_rows_kernel", &scatter_rows_kernel<Real, 1>);
    load("column_sums_kernel", &column_sums_kernel<Real>);
    load("store_sums_kernel", &store_sums_kernel<Real, double>);
    load("store_sums_kernel", &store_sums_kernel<Real, Acc>);
    load("initial_gradients_kernel", &initial_gradients_kernel<Real>);
    if (plan.decision.persistent_backward)  // itself loaded since it was asked about
      load("order_rows_kernel", &order_rows_kernel);
    else
      step_launches<Real>(plan.decision.cell_index).load_backward();
  });
}

void backward(const Plan::State& plan, Dims dims, const Inputs& inputs, const Outputs& outputs,
              const Upstream& upstream, const Gradients& gradients, const MemoryView& memory,
              StreamRef stream) {
  const CurrentDevice current(plan.device.place().ordinal);
  with_type(plan.spec.type, [&]<class Real>() {
    BackwardRun<Real>(plan, dims, inputs, outputs, upstream, gradients, memory, stream).run();
  });
}

}  // namespace takt::cuda
