// Forward: Wx of a chunk of steps as one product, then by steps (for each one product R h and one
// kernel for all gates) or one persistent kernel for all steps of the chunk.
#include <takt/kernels/padding.cuh>
#include <takt/kernels/prepare.cuh>

#include "cuda/persistent_call.cuh"
#include "cuda/step.cuh"

namespace takt::cuda {
namespace {

template <class Real>
class ForwardRun : PersistentCall<Real> {
  using Base = Call<Real>;
  using Acc = typename Base::Acc;
  using Base::T, Base::B, Base::I, Base::H, Base::GH, Base::C;
  using PersistentCall<Real>::shape_;

 public:
  ForwardRun(const Plan::State& plan, Dims dims, const Inputs& inputs, const Outputs& outputs,
             const MemoryView& memory, StreamRef stream)
      : PersistentCall<Real>(plan, dims, inputs, memory, stream, plan.decision.persistent),
        inputs_(inputs),
        outputs_(outputs),
        weights_(inputs.weights[0]),
        layout_(this->sizes_),
        saved_(this->sizes_),
        training_(plan.mode == Mode::training),
        x_(over_time<const Real>(inputs.x, I, dims, plan.spec.layout)),
        y_(over_time<Real>(outputs.y, H, dims, plan.spec.layout)),
        c_all_(over_time<Acc>(outputs.c_all, H, dims, plan.spec.layout)) {}

  void run() {
    const bool empty = T == 0 || B == 0;
    if (!empty) bind();
    prepare();
    const std::int64_t steps = this->steps_of(layout_.chunk_rows);
    for (std::int64_t begin = 0; begin < T && !empty; begin += steps) {
      const std::int64_t end = std::min(T, begin + steps);
      input_product(begin, end);
      if (shape_ != nullptr)
        run_persistent(begin, end);
      else
        for (std::int64_t s = begin; s < end; ++s) step(s, begin, end);
    }
    if (B > 0) store_final_states();
  }

 private:
  /// Everything that may be refused comes before the first launch.
  void bind() {
    void* const workspace = this->template scratch<void>(layout_.workspace);
    const std::int64_t steps = std::min(T, this->steps_of(layout_.chunk_rows));
    const std::int64_t last = (T - 1) % steps + 1;
    x_stride_ = this->uniform_stride(x_);
    reads_x_as_Wx_ = this->sizes_.precomputed && std::is_same_v<Real, Acc> && x_stride_ == GH;
    const bool aligned = is_wide(weights_.W.data()) && rows_are_wide(x_, x_stride_, I);
    if (!this->sizes_.precomputed)
      input_ = ChunkProduct(this->prepared_.input, steps * B, last * B,
                            x_stride_ > 0 ? x_stride_ : I, aligned, workspace);
    if (shape_ == nullptr)
      recurrent_ = this->prepared_.recurrent.bind({B, H, is_wide(weights_.R.data())}, workspace);
    wide_ = H % Base::wide_units == 0 && is_wide(weights_.bW.data()) &&
            is_wide(weights_.bR.data()) && is_wide(y_) && is_wide(c_all_) &&
            (!reads_x_as_Wx_ || is_wide(x_));
    wide_x_ = I % Base::wide_units == 0 && is_wide(x_);
  }

  void prepare() {
    SavedMark* const mark = training_ ? this->template saved<SavedMark>(saved_.mark) : nullptr;
    this->prepare_rows(layout_.status, layout_.lengths, mark, nullptr);
    h_ = this->template scratch<Real>(layout_.h);
    inner_ = training_ ? this->template saved<Acc>(saved_.inner)
                       : this->template scratch<Acc>(layout_.inner);
    if (B == 0) return;
    InitialStates<Real> initial{.B = B, .H = H, .C = C};
    initial.h0 = inputs_.h0.template as<Real>();
    initial.c0 = inputs_.c0.template as<Acc>();
    for (std::int64_t state = 0; state < C; ++state)
      initial.start[state] =
          static_cast<Acc>(this->plan_.decision.cell->start[static_cast<std::size_t>(state + 1)]);
    initial.h = h_;
    initial.saved_h0 = training_ ? this->template saved<Real>(saved_.h0) : nullptr;
    initial.inner = inner_;
    launch_over("initial_states_kernel", &initial_states_kernel<Real>, B * H, this->stream_,
                initial);
    if (shape_ != nullptr && T > 0) prepare_persistent();
  }

  void prepare_persistent() {
    PersistentCall<Real>::prepare_persistent(layout_.persistent, weights_.R);
    const bool writes_rows = y_.data != nullptr || c_all_.data != nullptr;
    if (!this->is_ragged() || !writes_rows) return;
    launch_over(
        "fill_padding_kernel", &fill_padding_kernel<Real>, T * B * H, this->stream_,
        FillPadding<Real>{this->place_, C, y_, c_all_, static_cast<Acc>(this->plan_.spec.fill)});
  }

  void run_persistent(std::int64_t begin, std::int64_t end) {
    const std::int64_t inner_steps = training_ ? (end - begin) * C * B * H : 0;
    auto chunk =
        this->template persistent_chunk<PersistentForward<Real>>(layout_.persistent, begin, end);
    chunk.status = this->template scratch<StatusWord>(layout_.status);
    chunk.Wx = Wx_;
    chunk.bW = weights_.bW.template as<Real>();
    chunk.bR = weights_.bR.template as<Real>();
    chunk.h = h_;
    chunk.inner_old = inner_;
    chunk.inner_new = inner_ + inner_steps;
    chunk.y = y_;
    chunk.c_all = c_all_;
    if (training_) {
      chunk.inner_steps = inner_ + C * B * H;
      chunk.saved = this->template saved<Real>(saved_.steps) + begin * this->sizes_.V * B * H;
    }
    this->run_groups(std::span(&chunk, 1), this->plan_.decision.groups_at_once);
    inner_ += inner_steps;
  }

  void input_product(std::int64_t begin, std::int64_t end) {
    const std::int64_t rows = (end - begin) * B;
    Acc* const Wx = this->template scratch<Acc>(layout_.Wx);
    Wx_ = Wx;
    if (this->sizes_.precomputed) return load_input(begin, end, Wx);
    const Real* operand = x_.data + this->first_time(begin, end) * x_.time_stride;
    if (x_stride_ == 0) {
      Real* const gathered = this->template scratch<Real>(layout_.x);
      const GatherRows<Real> gather{this->chunk(begin, end, I), x_, gathered};
      launch_over(
          "gather_rows_kernel",
          wide_x_ ? &gather_rows_kernel<Real, Base::wide_units> : &gather_rows_kernel<Real, 1>,
          rows * (wide_x_ ? I / Base::wide_units : I), this->stream_, gather);
      operand = gathered;
    }
    input_.of(rows).run(operand, weights_.W.data(), Wx, false, this->stream_);
  }

  /// x is W x already.
  void load_input(std::int64_t begin, std::int64_t end, Acc* Wx) {
    if constexpr (std::is_same_v<Real, Acc>) {
      if (reads_x_as_Wx_) {
        Wx_ = x_.data + this->first_time(begin, end) * x_.time_stride;
        return;
      }
    }
    const WidenRows<Real> widen{{this->chunk(begin, end, GH), x_, nullptr}, Wx};
    launch_over("widen_rows_kernel",
                wide_x_ ? &widen_rows_kernel<Real, Base::wide_units> : &widen_rows_kernel<Real, 1>,
                (end - begin) * B * (wide_x_ ? GH / Base::wide_units : GH), this->stream_, widen);
  }

  void step(std::int64_t s, std::int64_t begin, std::int64_t end) {
    const bool has_h = s > 0 || inputs_.h0;  // else it is 0, and so is R h
    Acc* const Rh = this->template scratch<Acc>(layout_.Rh);
    if (has_h) recurrent_.run(h_, weights_.R.data(), Rh, false, this->stream_);
    const std::int64_t inner_step = training_ ? C * B * H : 0;
    StepForward<Real> step;
    step.place = this->place_of(s);
    step.Wx = Wx_ + this->index_of(s, begin, end) * B * GH;
    step.Rh = has_h ? Rh : nullptr;
    step.bW = weights_.bW.template as<Real>();
    step.bR = weights_.bR.template as<Real>();
    step.h_old = step.h_new = h_;
    step.inner_old = inner_;
    step.inner_new = inner_ + inner_step;
    step.y = y_;
    step.c_all = c_all_;
    if (training_)
      step.saved = this->template saved<Real>(saved_.steps) + s * this->sizes_.V * B * H;
    step.fill = static_cast<Acc>(this->plan_.spec.fill);
    step_launches<Real>(this->plan_.decision.cell_index).forward(step, wide_, this->stream_);
    inner_ += inner_step;
  }

  void store_final_states() {
    if (outputs_.hT) this->copy(outputs_.hT.template as<Real>(), h_, B * H);
    if (outputs_.cT) this->copy(outputs_.cT.template as<Acc>(), inner_, C * B * H);
  }

  const Inputs& inputs_;
  const Outputs& outputs_;
  const LayerWeights& weights_;
  ForwardLayout layout_;
  SavedLayout saved_;
  bool training_;
  OverTime<const Real> x_;
  OverTime<Real> y_;
  OverTime<Acc> c_all_;
  std::int64_t x_stride_ = 0;
  bool wide_ = false, wide_x_ = false, reads_x_as_Wx_ = false;
  const Acc* Wx_ = nullptr;  // of the chunk
  ChunkProduct input_;
  BoundProduct recurrent_;
  Real* h_ = nullptr;
  Acc* inner_ = nullptr;  // the states before the next step
};

}  // namespace

void load_forward(const Plan::State& plan) {
  with_type(plan.spec.type, [&]<class Real>() {
    load("prepare_rows_kernel", &prepare_rows_kernel);
    load("initial_states_kernel", &initial_states_kernel<Real>);
    if (plan.spec.input == InputMode::precomputed) {
      load("widen_rows_kernel", &widen_rows_kernel<Real, Call<Real>::wide_units>);
      load("widen_rows_kernel", &widen_rows_kernel<Real, 1>);
    } else {
      load("gather_rows_kernel", &gather_rows_kernel<Real, Call<Real>::wide_units>);
      load("gather_rows_kernel", &gather_rows_kernel<Real, 1>);
    }
    if (plan.decision.persistent) {  // the kernel itself is loaded since it was asked about
      load("order_rows_kernel", &order_rows_kernel);
      load("fill_padding_kernel", &fill_padding_kernel<Real>);
    } else {
      step_launches<Real>(plan.decision.cell_index).load_forward();
    }
  });
}

int groups_at_once(const Device& device, const RnnSpec& spec, std::int64_t cell_index,
                   const policy::PersistentShape& shape) {
  const CurrentDevice current(device.place().ordinal);
  int at_once = 0;
  with_type(spec.type, [&]<class Real>() {
    at_once = shape.backward
                  ? load_persistent<Real, PersistentBackward>(device, spec.math, cell_index, shape)
                  : load_persistent<Real, PersistentForward>(device, spec.math, cell_index, shape);
  });
  return at_once;
}

void forward(const Plan::State& plan, Dims dims, const Inputs& inputs, const Outputs& outputs,
             const MemoryView& memory, StreamRef stream) {
  const CurrentDevice current(plan.device.place().ordinal);
  with_type(plan.spec.type, [&]<class Real>() {
    ForwardRun<Real>(plan, dims, inputs, outputs, memory, stream).run();
  });
}

}  // namespace takt::cuda
