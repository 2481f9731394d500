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

Array upload(const Device& device, DataType type, const std::vector<double>& values) {
  const std::vector<std::int64_t> shape{static_cast<std::int64_t>(values.size())};
  if (type == DataType::f64) return to_device<double>(device, shape, values);
  return to_device<float>(device, shape, std::vector<float>(values.begin(), values.end()), type);
}

std::vector<double> download(const Array& array, const Stream& stream) {
  if (array.type() == DataType::f64) return to_host<double>(array, stream);
  const std::vector<float> values = to_host(array, stream);
  return {values.begin(), values.end()};
}

/// Rows of a case as they lie in the device's memory: its layout, its strides, and values between
/// the rows that must survive.
class RowArray {
 public:
  static constexpr double between = -77;

  RowArray(const Case& checked, const Device& device, DataType type, std::int64_t planes,
           std::int64_t width, const std::vector<double>* values)
      : checked_(checked),
        planes_(planes),
        width_(width),
        stride_(width + (checked.semantics.strides ? 3 : 0)),
        array_(upload(device, type, placed(values))) {}

  Rows rows() { return {Pointer(array_), stride_}; }
  ConstRows const_rows() const { return {ConstPointer(array_), stride_}; }

  /// Compares with dense time-major values; anything written between rows counts as NaN.
  ErrorMeter compare(const std::vector<double>& reference, const Stream& stream) const {
    const std::vector<double> found = download(array_, stream);
    ErrorMeter meter;
    std::vector<bool> compared(found.size(), false);
    for_elements([&](std::int64_t dense, std::int64_t place) {
      meter.add(found[static_cast<std::size_t>(place)], reference[static_cast<std::size_t>(dense)]);
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

  std::vector<double> placed(const std::vector<double>* values) const {
    const std::int64_t size = planes_ * checked_.shape.T * checked_.shape.B * stride_;
    std::vector<double> placed(static_cast<std::size_t>(size), between);
    if (values != nullptr)
      for_elements([&](std::int64_t dense, std::int64_t place) {
        placed[static_cast<std::size_t>(place)] = (*values)[static_cast<std::size_t>(dense)];
      });
    return placed;
  }

  const Case& checked_;
  std::int64_t planes_, width_, stride_;
  Array array_;
};

ErrorMeter compare(const Array& array, const std::vector<double>& reference, const Stream& stream) {
  const std::vector<double> found = download(array, stream);
  ErrorMeter meter;
  for (std::size_t n = 0; n < found.size(); ++n) meter.add(found[n], reference[n]);
  return meter;
}

RnnSpec spec_of(const Case& checked) {
  return {.cell = checked.cell,
          .input_size = checked.shape.I,
          .hidden_size = checked.shape.H,
          .direction = checked.semantics.reverse ? Direction::reverse : Direction::forward,
          .input = checked.semantics.input,
          .bias = checked.semantics.bias,
          .type = checked.type,
          .math = checked.math,
          .layout = checked.semantics.layout,
          .algorithm = checked.algorithm};
}

/// With the I over which forward sums.
CaseShape summed_shape(const Case& checked) {
  CaseShape shape = checked.shape;
  if (checked.semantics.input == InputMode::precomputed) shape.I = 0;
  return shape;
}

/// The plans of a case and their memory, for all its draws.
struct Program {
  Program(const Case& checked, const Device& device)
      : training(spec_of(checked), {checked.shape.T, checked.shape.B}, Mode::training, device),
        inference(spec_of(checked), {checked.shape.T, checked.shape.B}, Mode::inference, device),
        memory(training),
        memory_of_inference(inference) {}

  Plan training, inference;
  Memory memory, memory_of_inference;
};

/// What one forward writes.
struct ForwardResults {
  ForwardResults(const Case& checked, const Device& device, const Numbers& numbers)
      : C(numbers.C),
        y(checked, device, checked.type, 1, checked.shape.H, nullptr),
        c_all(checked, device, inner_type(checked.type), C, checked.shape.H, nullptr),
        hT(upload(device, checked.type, numbers.dhT)),  // any values of the right sizes
        cT(upload(device, inner_type(checked.type), numbers.dcT)) {}

  Outputs outputs() {
    Outputs outputs{.y = y.rows(), .hT = hT};
    if (C > 0) outputs.cT = cT, outputs.c_all = c_all.rows();
    return outputs;
  }

  std::int64_t C;
  RowArray y, c_all;
  Array hT, cT;
};

/// Names of y, hT, cT and c_all in a report.
using ForwardNames = std::array<std::string_view, 4>;
constexpr ForwardNames of_training{"y", "hT", "cT", "c_all"};
constexpr ForwardNames of_inference{"inference y", "inference hT", "inference cT",
                                    "inference c_all"};

/// One draw of a case on one device.
class Run {
 public:
  Run(const Case& checked, Program& program, int draw)
      : checked_(checked),
        program_(program),
        device_(program.training.device()),
        stream_(device_),
        numbers_(make_numbers(checked, draw)),
        problem_(reference_problem(checked, numbers_)),
        terms_(terms_of(checked.cell, checked.precision(), summed_shape(checked))),
        lengths_(to_device<std::int32_t>(device_, numbers_.lengths)),
        resets_(to_device<std::uint8_t>(device_, placed_resets(checked, numbers_))),
        x_(checked, device_, checked.type, 1, checked.shape.I, &numbers_.x),
        W_(put(numbers_.W)),
        R_(put(numbers_.R)),
        bW_(put(numbers_.bW)),
        bR_(put(numbers_.bR)),
        h0_(put(numbers_.h0)),
        c0_(put_inner(numbers_.c0)) {
    LayerWeights layer{.R = R_};
    if (has_W()) layer.W = W_;
    if (!numbers_.bW.empty()) layer.bW = bW_;
    if (!numbers_.bR.empty()) layer.bR = bR_;
    inputs_.x = x_.const_rows();
    inputs_.weights = {layer};
    if (!numbers_.h0.empty()) inputs_.h0 = h0_;
    if (!numbers_.c0.empty()) inputs_.c0 = c0_;
    if (lengths_.size() > 0) inputs_.lengths = lengths_;
    if (resets_.size() > 0) inputs_.resets = resets_;
    outcome_.checked = checked;
  }

  Outcome outcome() {
    const reference::Result expected = reference::forward(problem_);
    outcome_.algorithm = program_.training.algorithm();
    for (const Candidate& candidate : program_.training.candidates())
      if (candidate.taken) outcome_.plan = candidate.reason;
    ForwardResults results(checked_, device_, numbers_);
    program_.training.forward(inputs_, results.outputs(), program_.memory, stream_);
    note_status("forward", program_.memory);
    compare_forward(results, expected, of_training);
    backward(results.outputs());

    ForwardResults inferred(checked_, device_, numbers_);
    program_.inference.forward(inputs_, inferred.outputs(), program_.memory_of_inference, stream_);
    note_status("inference", program_.memory_of_inference);
    compare_forward(inferred, expected, of_inference);
    return std::move(outcome_);
  }

 private:
  bool has_W() const { return checked_.semantics.input == InputMode::product; }
  Array put(const std::vector<double>& values) const {
    return upload(device_, checked_.type, values);
  }
  Array put_inner(const std::vector<double>& values) const {
    return upload(device_, inner_type(checked_.type), values);
  }

  void compare_forward(const ForwardResults& results, const reference::Result& expected,
                       const ForwardNames& names) {
    note(names[0], results.y.compare(expected.y, stream_), terms_.forward);
    note(names[1], compare(results.hT, expected.hT, stream_), terms_.forward);
    if (results.C == 0) return;
    note(names[2], compare(results.cT, expected.cT, stream_), terms_.forward);
    note(names[3], results.c_all.compare(expected.c_all, stream_), terms_.forward);
  }

  void backward(const Outputs& outputs) {
    const std::int64_t I = checked_.shape.I, H = checked_.shape.H, C = numbers_.C;
    RowArray dx(checked_, device_, checked_.type, 1, I, nullptr);
    const RowArray dy(checked_, device_, checked_.type, 1, H, &numbers_.dy),
        dc_all(checked_, device_, inner_type(checked_.type), C, H, &numbers_.dc_all);
    const Array dhT = put(numbers_.dhT), dcT = put_inner(numbers_.dcT);
    // Any values of the right sizes.
    Array dh0 = put(numbers_.dhT), dc0 = put_inner(numbers_.dcT);
    Array dW = put(numbers_.old_dW), dR = put(numbers_.old_dR), dbW = put(numbers_.old_dbW),
          dbR = put(numbers_.old_dbR);
    Upstream upstream{.dy = dy.const_rows(), .dhT = dhT};
    Gradients gradients{.dx = dx.rows(), .dh0 = dh0};
    if (C > 0) {
      upstream.dcT = dcT;
      upstream.dc_all = dc_all.const_rows();
      gradients.dc0 = dc0;
    }
    LayerGradients layer{.R = dR};
    if (has_W()) layer.W = dW;
    if (!numbers_.bW.empty()) layer.bW = dbW;
    if (!numbers_.bR.empty()) layer.bR = dbR;
    gradients.weights = {layer};
    gradients.accumulate = checked_.semantics.accumulate;
    program_.training.backward(inputs_, outputs, upstream, gradients, program_.memory, stream_);
    note_status("backward", program_.memory);

    const reference::Gradients expected =
        reference::backward(problem_, reference_upstream(numbers_));
    note("dx", dx.compare(expected.dx, stream_), terms_.backward);
    note("dh0", compare(dh0, expected.dh0, stream_), terms_.backward);
    if (C > 0) note("dc0", compare(dc0, expected.dc0, stream_), terms_.backward);
    if (has_W()) note_sum("dW", dW, expected.dW, numbers_.old_dW, terms_.weights);
    note_sum("dR", dR, expected.dR, numbers_.old_dR, terms_.weights);
    if (layer.bW) note_sum("dbW", dbW, expected.dbW, numbers_.old_dbW, terms_.biases);
    if (layer.bR) note_sum("dbR", dbR, expected.dbR, numbers_.old_dbR, terms_.biases);
  }

  void note_status(const std::string& call, Memory& memory) {
    const CallStatus status = takt::status(memory, stream_);
    if (status.fine()) return;
    outcome_.noticed +=
        (outcome_.noticed.empty() ? "in " : "; in ") + call + ": " + status.message();
  }

  /// A weight gradient, which may have been added to what was there.
  void note_sum(std::string_view tensor, const Array& found, std::vector<double> expected,
                const std::vector<double>& old, std::int64_t terms) {
    for (std::size_t n = 0; checked_.semantics.accumulate && n < expected.size(); ++n)
      expected[n] += old[n];
    note(tensor, compare(found, expected, stream_), terms);
  }

  void note(std::string_view tensor, const ErrorMeter& meter, std::int64_t terms) {
    const bool exact = checked_.shape.T * checked_.shape.B == 0;
    outcome_.tensors.push_back({tensor, meter, exact ? 0 : tolerance(checked_.precision(), terms)});
  }

  const Case& checked_;
  Program& program_;
  const Device& device_;
  Stream stream_;
  Numbers numbers_;
  reference::Problem problem_;
  Terms terms_;
  DeviceVector<std::int32_t> lengths_;
  DeviceVector<std::uint8_t> resets_;
  RowArray x_;
  Array W_, R_, bW_, bR_, h0_, c0_;
  Inputs inputs_;
  Outcome outcome_;
};

/// A single number may be right to the last bit by chance; some hundred are not.
int draws(const CaseShape& shape) {
  const std::int64_t elements = shape.T * shape.B * shape.H;
  return elements == 0 ? 1 : static_cast<int>(std::clamp<std::int64_t>(1024 / elements, 1, 64));
}

void merge(const Outcome& other, Outcome& outcome) {
  for (std::size_t n = 0; n < outcome.tensors.size(); ++n)
    outcome.tensors[n].meter.add(other.tensors[n].meter);
  if (outcome.noticed.empty()) outcome.noticed = other.noticed;
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

Verdict judge(const Outcome& outcome) {
  if (!outcome.noticed.empty()) return Verdict::outside;
  const Verdict verdict = judge(outcome.worst());
  // In f64 the reference rounds too: a device that sums in its order may have its bits, and one
  // case says nothing of the tolerance.
  const bool exact = outcome.checked.type == DataType::f64 && verdict == Verdict::loose;
  return exact ? Verdict::inside : verdict;
}

Outcome run(const Case& checked, const Device& device, int most_draws) {
  try {
    Program program(checked, device);
    Outcome outcome = Run(checked, program, 0).outcome();
    for (int draw = 1; draw < std::min(draws(checked.shape), most_draws); ++draw)
      merge(Run(checked, program, draw).outcome(), outcome);
    outcome.verdict = judge(outcome);
    return outcome;
  } catch (const UnsupportedError& error) {
    return {.checked = checked, .verdict = Verdict::refused, .reason = error.what()};
  }
}

}  // namespace takt::validate
