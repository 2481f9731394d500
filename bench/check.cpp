// A problem's answers against the reference.
#include "check.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include <takt/reference.hpp>

namespace takt::bench {
namespace {

using Values = std::vector<double>;

/// Some elements of an array, as doubles. The arrays of benchmarks are dense, so a part of them is
/// one span of time.
template <class Real>
Values values_as(const Array& array, std::int64_t from, std::int64_t count, const Stream& stream) {
  if (array.device().kind() == DeviceKind::cpu) {
    const Real* data = static_cast<const Real*>(array.data()) + from;
    return Values(data, data + count);
  }
  const std::vector<Real> all = to_host<Real>(array, stream);
  return Values(all.begin() + from, all.begin() + from + count);
}

Values values(const Array& array, std::int64_t from, std::int64_t count, const Stream& stream) {
  return array.type() == DataType::f64 ? values_as<double>(array, from, count, stream)
                                       : values_as<float>(array, from, count, stream);
}

Values all_values(const Array& array, const Stream& stream) {
  return values(array, 0, array.size(), stream);
}

double error_of(const Values& results, const Values& reference) {
  double worst = 0, scale = 1;
  for (std::size_t n = 0; n < results.size(); ++n) {
    if (std::isnan(results[n])) return results[n];
    worst = std::max(worst, std::abs(results[n] - reference[n]));
    scale = std::max(scale, std::abs(reference[n]));
  }
  return worst / scale;
}

double time_run(Problem& problem) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  problem.run();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Holds one problem against the reference, piece by piece.
class Checker {
 public:
  explicit Checker(Problem& problem)
      : problem_(problem), shape_(problem.shape()), stream_(problem.stream()) {
    for (const Array& array : problem.weights().arrays())
      weights_.push_back(all_values(array, stream_));
    check_.done = true;
    check_.steps = checked_steps(shape_);
    check_.end = shape_.T > check_.steps;
  }

  Check result() {
    if (shape_.mode == Mode::training) gradients();
    Values h, c;
    if (check_.end) {
      problem_.run_first(shape_.T - check_.steps);
      h = all_values(problem_.hT(), stream_);
      c = all_values(problem_.cT(), stream_);
    }
    check_.run_seconds = time_run(problem_);
    steps_of_y("y, first steps", 0, nullptr, nullptr);
    if (check_.end) steps_of_y("y, last steps", shape_.T - check_.steps, &h, &c);
    return check_;
  }

 private:
  reference::Problem reference_problem(const Values& x) const {
    const auto pointer = [this](std::size_t n) {
      return n < weights_.size() ? weights_[n].data() : nullptr;
    };
    return {.cell = shape_.cell,
            .T = check_.steps,
            .B = shape_.B,
            .I = shape_.I,
            .H = shape_.H,
            .x = x.data(),
            .W = pointer(0),
            .R = pointer(1),
            .bW = pointer(2),
            .bR = pointer(3)};
  }

  Values part(const Array& array, std::int64_t first, std::int64_t width) const {
    const std::int64_t row = shape_.B * width;
    return values(array, first * row, check_.steps * row, stream_);
  }

  void steps_of_y(const char* name, std::int64_t first, const Values* h, const Values* c) {
    const Values x = part(problem_.x(), first, shape_.I);
    reference::Problem problem = reference_problem(x);
    if (h != nullptr) problem.h0 = h->data();
    if (c != nullptr && !c->empty()) problem.c0 = c->data();
    note(name, part(problem_.y(), first, shape_.H), reference::forward(problem).y,
         shape_.I + shape_.H);
  }

  void gradients() {
    problem_.run_first(check_.steps);
    const Values x = part(problem_.x(), 0, shape_.I), dy = part(problem_.dy(), 0, shape_.H);
    const reference::Gradients expected =
        reference::backward(reference_problem(x), {.dy = dy.data()});
    const std::int64_t depth = shape_.I + shape_.H + find_cell(shape_.cell).gates * shape_.H;
    note("dx", part(problem_.dx(), 0, shape_.I), expected.dx, depth);
    const Values* const references[] = {&expected.dW, &expected.dR, &expected.dbW, &expected.dbR};
    const char* const names[] = {"dW", "dR", "dbW", "dbR"};
    for (std::size_t n = 0; n < problem_.gradients().arrays().size(); ++n)
      note(names[n], all_values(problem_.gradients().arrays()[n], stream_), *references[n],
           depth + check_.steps * shape_.B);
  }

  void note(const char* name, const Values& results, const Values& reference,
            std::int64_t accumulation) {
    check_.tensors.push_back({name, error_of(results, reference), accumulation});
  }

  Problem& problem_;
  const Shape& shape_;
  const Stream& stream_;
  std::vector<Values> weights_;
  Check check_;
};

bool reference_knows(const std::string& cell) {
  const auto& known = reference::cells();
  return std::any_of(known.begin(), known.end(),
                     [&](const reference::CellSizes& sizes) { return sizes.name == cell; });
}

}  // namespace

std::int64_t checked_steps(const Shape& shape) {
  constexpr double most_operations = 2.5e8;  // of the reference: a fraction of a second
  constexpr std::int64_t most_steps = 64;
  Shape step = shape;
  step.T = 1;
  const double steps = std::clamp(most_operations / operations(step), 1.0, 1.0 * most_steps);
  return std::min(shape.T, static_cast<std::int64_t>(steps));
}

Check check(Problem& problem) {
  if (reference_knows(problem.shape().cell)) return Checker(problem).result();
  return {.run_seconds = time_run(problem)};
}

}  // namespace takt::bench
