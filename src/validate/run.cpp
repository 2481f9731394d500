// Runs one case on a device and holds every result against the reference.
#include "validate/run.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <takt/takt.hpp>

#include "validate/problem.hpp"
#include "validate/tolerance.hpp"

namespace takt::validate {
namespace {

/// Rows of a case as they lie in the device's memory: its layout, its strides, and values between
/// the rows that must survive.
template <class Real>
class RowArray {
 public:
  static constexpr Real between = Real(-77);

  RowArray(const Case& checked, const Device& device, std::int64_t planes, std::int64_t width,
           const std::vector<double>* values)
      : checked_(checked),
        planes_(planes),
        width_(width),
        stride_(width + (checked.semantics.strides ? 3 : 0)),
        array_(upload(device, values)) {}

  Rows rows() { return {Pointer(array_), stride_}; }
  ConstRows const_rows() const { return {ConstPointer(array_), stride_}; }

  /// Compares with dense time-major values; anything written between rows counts as NaN.
  ErrorMeter compare(const std::vector<double>& reference, const Stream& stream) const {
    const std::vector<Real> found = to_host<Real>(array_, stream);
    ErrorMeter meter;
    std::vector<bool> compared(found.size(), false);
    for_elements([&](std::int64_t dense, std::int64_t place) {
      meter.add(static_cast<double>(found[static_cast<std::size_t>(place)]),
                reference[static_cast<std::size_t>(dense)]);
      compared[static_cast<std::size_t>(place)] = true;
    });
    for (std::size_t n = 0; n < found.size(); ++n)
      if (!compared[n] && found[n] != between) meter.nan = true;
    return meter;
  }

 private:
  template <class Visit>
  void for_elements(const Visit& visit) const {
    const auto [T, B, I, H] = checked_.shape;
    const bool time_major = checked_.semantics.layout == Layout::time_major;
    for (std::int64_t plane = 0; plane < planes_; ++plane)
      for (std::int64_t t = 0; t < T; ++t)
        for (std::int64_t b = 0; b < B; ++b)
          for (std::int64_t j = 0; j < width_; ++j) {
            const std::int64_t row = plane * T * B + (time_major ? t * B + b : b * T + t);
            visit(((plane * T + t) * B + b) * width_ + j, row * stride_ + j);
          }
  }

  Array upload(const Device& device, const std::vector<double>* values) const {
    const std::int64_t size = planes_ * checked_.shape.T * checked_.shape.B * stride_;
    std::vector<Real> placed(static_cast<std::size_t>(size), between);
    if (values != nullptr)
      for_elements([&](std::int64_t dense, std::int64_t place) {
        placed[static_cast<std::size_t>(place)] =
            static_cast<Real>((*values)[static_cast<std::size_t>(dense)]);
      });
    return to_device<Real>(device, {size}, placed);
  }

  const Case& checked_;
  std::int64_t planes_, width_, stride_;
  Array array_;
};

template <class Real>
Array upload(const Device& device, const std::vector<double>& values) {
  std::vector<Real> typed(values.size());
  std::transform(values.begin(), values.end(), typed.begin(),
                 [](double value) { return static_cast<Real>(value); });
  return to_device<Real>(device, {static_cast<std::int64_t>(values.size())}, typed);
}

template <class Real>
ErrorMeter compare(const Array& array, const std::vector<double>& reference, const Stream& stream) {
  const std::vector<Real> found = to_host<Real>(array, stream);
  ErrorMeter meter;
  for (std::size_t n = 0; n < found.size(); ++n)
    meter.add(static_cast<double>(found[n]), reference[n]);
  return meter;
}

RnnSpec spec_of(const Case& checked) {
  return {.cell = checked.cell,
          .input_size = checked.shape.I,
          .hidden_size = checked.shape.H,
          .direction = checked.semantics.reverse ? Direction::reverse : Direction::forward,
          .bias = checked.semantics.bias,
          .type = checked.type,
          .layout = checked.semantics.layout};
}

/// What one forward writes.
template <class Real>
struct ForwardResults {
  ForwardResults(const Case& checked, const Device& device, const Numbers& numbers)
      : C(numbers.C),
        y(checked, device, 1, checked.shape.H, nullptr),
        c_all(checked, device, C, checked.shape.H, nullptr),
        hT(upload<Real>(device, numbers.dhT)),  // any values of the right sizes
        cT(upload<Real>(device, numbers.dcT)) {}

  Outputs outputs() {
    Outputs outputs{.y = y.rows(), .hT = hT};
    if (C > 0) outputs.cT = cT, outputs.c_all = c_all.rows();
    return outputs;
  }

  std::int64_t C;
  RowArray<Real> y, c_all;
  Array hT, cT;
};

/// Names of y, hT, cT and c_all in a report.
using ForwardNames = std::array<std::string_view, 4>;
constexpr ForwardNames of_training{"y", "hT", "cT", "c_all"};
constexpr ForwardNames of_inference{"inference y", "inference hT", "inference cT",
                                    "inference c_all"};

/// One case on one device, in the element type of the case.
template <class Real>
class Run {
 public:
  Run(const Case& checked, const Device& device, int draw)
      : checked_(checked),
        device_(device),
        stream_(device),
        numbers_(make_numbers(checked, draw)),
        problem_(reference_problem(checked, numbers_)),
        terms_(terms_of(checked.cell, checked.type, checked.shape)),
        resets_(placed_resets(checked, numbers_)),
        x_(checked, device, 1, checked.shape.I, &numbers_.x),
        W_(put(numbers_.W)),
        R_(put(numbers_.R)),
        bW_(put(numbers_.bW)),
        bR_(put(numbers_.bR)),
        h0_(put(numbers_.h0)),
        c0_(put(numbers_.c0)) {
    LayerWeights layer{.W = W_, .R = R_};
    if (!numbers_.bW.empty()) layer.bW = bW_;
    if (!numbers_.bR.empty()) layer.bR = bR_;
    inputs_.x = x_.const_rows();
    inputs_.weights = {layer};
    if (!numbers_.h0.empty()) inputs_.h0 = h0_;
    if (!numbers_.c0.empty()) inputs_.c0 = c0_;
    if (!numbers_.lengths.empty()) inputs_.lengths = numbers_.lengths.data();
    if (!resets_.empty()) inputs_.resets = resets_.data();
    outcome_.checked = checked;
  }

  Outcome outcome() {
    const reference::Result expected = reference::forward(problem_);
    const Plan training = plan(Mode::training), inference = plan(Mode::inference);
    outcome_.algorithm = training.algorithm();
    ForwardResults<Real> results(checked_, device_, numbers_);
    Memory memory(training);
    training.forward(inputs_, results.outputs(), memory, stream_);
    compare_forward(results, expected, of_training);
    backward(training, results.outputs(), memory);

    ForwardResults<Real> inferred(checked_, device_, numbers_);
    Memory memory_of_inference(inference);
    inference.forward(inputs_, inferred.outputs(), memory_of_inference, stream_);
    compare_forward(inferred, expected, of_inference);
    return std::move(outcome_);
  }

 private:
  Array put(const std::vector<double>& values) const { return upload<Real>(device_, values); }

  Plan plan(Mode mode) const {
    return Plan(spec_of(checked_), {checked_.shape.T, checked_.shape.B}, mode, device_);
  }

  void compare_forward(const ForwardResults<Real>& results, const reference::Result& expected,
                       const ForwardNames& names) {
    note(names[0], results.y.compare(expected.y, stream_), terms_.forward);
    note(names[1], compare<Real>(results.hT, expected.hT, stream_), terms_.forward);
    if (results.C == 0) return;
    note(names[2], compare<Real>(results.cT, expected.cT, stream_), terms_.forward);
    note(names[3], results.c_all.compare(expected.c_all, stream_), terms_.forward);
  }

  void backward(const Plan& plan, const Outputs& outputs, Memory& memory) {
    const std::int64_t I = checked_.shape.I, H = checked_.shape.H, C = numbers_.C;
    RowArray<Real> dx(checked_, device_, 1, I, nullptr);
    const RowArray<Real> dy(checked_, device_, 1, H, &numbers_.dy),
        dc_all(checked_, device_, C, H, &numbers_.dc_all);
    const Array dhT = put(numbers_.dhT), dcT = put(numbers_.dcT);
    Array dh0 = put(numbers_.dhT), dc0 = put(numbers_.dcT);  // any values of the right sizes
    Array dW = put(numbers_.old_dW), dR = put(numbers_.old_dR), dbW = put(numbers_.old_dbW),
          dbR = put(numbers_.old_dbR);
    Upstream upstream{.dy = dy.const_rows(), .dhT = dhT};
    Gradients gradients{.dx = dx.rows(), .dh0 = dh0};
    if (C > 0) {
      upstream.dcT = dcT;
      upstream.dc_all = dc_all.const_rows();
      gradients.dc0 = dc0;
    }
    LayerGradients layer{.W = dW, .R = dR};
    if (!numbers_.bW.empty()) layer.bW = dbW;
    if (!numbers_.bR.empty()) layer.bR = dbR;
    gradients.weights = {layer};
    gradients.accumulate = checked_.semantics.accumulate;
    plan.backward(inputs_, outputs, upstream, gradients, memory, stream_);

    const reference::Gradients expected =
        reference::backward(problem_, reference_upstream(numbers_));
    note("dx", dx.compare(expected.dx, stream_), terms_.backward);
    note("dh0", compare<Real>(dh0, expected.dh0, stream_), terms_.backward);
    if (C > 0) note("dc0", compare<Real>(dc0, expected.dc0, stream_), terms_.backward);
    note_sum("dW", dW, expected.dW, numbers_.old_dW, terms_.weights);
    note_sum("dR", dR, expected.dR, numbers_.old_dR, terms_.weights);
    if (layer.bW) note_sum("dbW", dbW, expected.dbW, numbers_.old_dbW, terms_.biases);
    if (layer.bR) note_sum("dbR", dbR, expected.dbR, numbers_.old_dbR, terms_.biases);
  }

  /// A weight gradient, which may have been added to what was there.
  void note_sum(std::string_view tensor, const Array& found, std::vector<double> expected,
                const std::vector<double>& old, std::int64_t terms) {
    for (std::size_t n = 0; checked_.semantics.accumulate && n < expected.size(); ++n)
      expected[n] += old[n];
    note(tensor, compare<Real>(found, expected, stream_), terms);
  }

  void note(std::string_view tensor, const ErrorMeter& meter, std::int64_t terms) {
    const bool exact = checked_.shape.T * checked_.shape.B == 0;
    outcome_.tensors.push_back({tensor, meter, exact ? 0 : tolerance(checked_.type, terms)});
  }

  const Case& checked_;
  const Device& device_;
  Stream stream_;
  Numbers numbers_;
  reference::Problem problem_;
  Terms terms_;
  std::vector<std::uint8_t> resets_;
  RowArray<Real> x_;
  Array W_, R_, bW_, bR_, h0_, c0_;
  Inputs inputs_;
  Outcome outcome_;
};

Outcome run_draw(const Case& checked, const Device& device, int draw) {
  return checked.type == DataType::f64 ? Run<double>(checked, device, draw).outcome()
                                       : Run<float>(checked, device, draw).outcome();
}

/// A single number may be right to the last bit by chance; some hundred are not.
int draws(const CaseShape& shape) {
  const std::int64_t elements = shape.T * shape.B * shape.H;
  return elements == 0 ? 1 : static_cast<int>(std::clamp<std::int64_t>(1024 / elements, 1, 64));
}

void merge(const Outcome& other, Outcome& outcome) {
  for (std::size_t n = 0; n < outcome.tensors.size(); ++n)
    outcome.tensors[n].meter.add(other.tensors[n].meter);
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::inside: return "inside";
    case Verdict::outside: return "OUTSIDE";
    case Verdict::loose: return "loose";
    case Verdict::refused: return "refused";
  }
  return "?";
}

double TensorError::share() const {
  if (error() == 0) return 0;
  return tolerance > 0 ? error() / tolerance : std::numeric_limits<double>::infinity();
}

TensorError Outcome::worst() const {
  TensorError worst;
  for (const TensorError& tensor : tensors)
    if (std::isnan(tensor.error()))
      return tensor;
    else if (worst.tensor.empty() || tensor.share() > worst.share())
      worst = tensor;
  return worst;
}

Verdict judge(const TensorError& worst) {
  if (!(worst.share() <= 1)) return Verdict::outside;
  if (worst.tolerance > 0 && worst.share() < least_share) return Verdict::loose;
  return Verdict::inside;
}

Outcome run(const Case& checked, const Device& device) {
  try {
    Outcome outcome = run_draw(checked, device, 0);
    for (int draw = 1; draw < draws(checked.shape); ++draw)
      merge(run_draw(checked, device, draw), outcome);
    outcome.verdict = judge(outcome.worst());
    return outcome;
  } catch (const UnsupportedError& error) {
    return {.checked = checked, .verdict = Verdict::refused, .reason = error.what()};
  }
}

}  // namespace takt::validate
