// A problem's answers against the reference.
#include "check.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string_view>

#include <takt/reference.hpp>

#include "cuda/part.hpp"

namespace takt::bench {
namespace {

using Values = std::vector<double>;

constexpr std::uint64_t place_seed = 4, row_seed = 7;
constexpr double most_operations = 2.5e8;  // of the reference: a fraction of a second

/// Of the reference in one step of all rows.
double operations_of_step(Shape shape) {
  shape.T = 1;
  return operations(shape);
}

/// Some elements of an array, as doubles. The arrays of benchmarks are dense, so a part of them is
/// one span of time.
template <class Real>
Values values_as(const Array& array, std::int64_t from, std::int64_t count, const Stream& stream) {
  if (array.device().kind() == DeviceKind::cpu) {
    const Real* data = static_cast<const Real*>(array.data()) + from;
    return Values(data, data + count);
  }
  const bool is_whole = count == array.size();
  const std::vector<Real> part =
      to_host<Real>(is_whole ? array : part_on_gpu(array, from, count, stream), stream);
  return Values(part.begin(), part.end());
}

Values values(const Array& array, std::int64_t from, std::int64_t count, const Stream& stream) {
  return array.type() == DataType::f64 ? values_as<double>(array, from, count, stream)
                                       : values_as<float>(array, from, count, stream);
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
  Checker(Problem& problem, const ErrorOf& error_of)
      : problem_(problem),
        error_of_(error_of),
        shape_(problem.shape()),
        stream_(problem.stream()),
        windows_(checked_windows(shape_)),
        rows_(checked_rows(shape_)) {
    check_.rows = static_cast<std::int64_t>(rows_.size());
    if (shape_.input == InputMode::precomputed) weights_.emplace_back();  // no W
    for (const Array& array : problem.weights().arrays())
      weights_.push_back(values_of(array, stream_));
    check_.done = true;
  }

  Check result() {
    if (shape_.has_backward()) gradients();
    std::vector<States> before;
    for (const Window& window : windows_) before.push_back(states_before(window));
    check_.run_seconds = time_run(problem_);
    for (std::size_t n = 0; n < windows_.size(); ++n) steps_of_y(windows_[n], before[n]);
    return check_;
  }

 private:
  struct States {
    Values h, c;  // c is empty where the cell has none
  };

  States states_before(const Window& window) {
    if (window.first == 0) return initial_states();
    problem_.run_first(window.first);
    return states(problem_.hT(), problem_.cT());
  }

  States initial_states() const { return states(problem_.h0(), problem_.c0()); }
  States states(const Array& h, const Array& c) const {
    return {of_rows(values_of(h, stream_), shape_.H), of_rows(values_of(c, stream_), shape_.H)};
  }

  bool has_all_rows() const { return check_.rows == shape_.B; }
  /// Of [..., B, width], the rows that are compared.
  template <class Value>
  std::vector<Value> of_rows(std::vector<Value> all, std::int64_t width) const {
    if (has_all_rows()) return all;
    std::vector<Value> some;
    const auto size = static_cast<std::int64_t>(all.size());
    for (std::int64_t batch = 0; batch < size; batch += shape_.B * width)
      for (const std::int64_t b : rows_) {
        const auto row = all.begin() + batch + b * width;
        some.insert(some.end(), row, row + width);
      }
    return some;
  }

  std::vector<std::int32_t> lengths_within(const Window& window) const {
    return of_rows(problem_.lengths_within(window), 1);
  }

  /// All that is given lives as long as the problem.
  reference::Problem reference_problem(const Window& window, const Values& x, const States& before,
                                       const std::vector<std::int32_t>& lengths) const {
    const auto pointer = [this](std::size_t n) {
      return n < weights_.size() && !weights_[n].empty() ? weights_[n].data() : nullptr;
    };
    return {.cell = shape_.cell,
            .T = window.count,
            .B = check_.rows,
            .I = shape_.I,
            .H = shape_.H,
            .x = x.data(),
            .h0 = before.h.data(),
            .c0 = before.c.empty() ? nullptr : before.c.data(),
            .lengths = lengths.empty() ? nullptr : lengths.data(),
            .W = pointer(0),
            .R = pointer(1),
            .bW = pointer(2),
            .bR = pointer(3)};
  }

  Values part(const Array& array, const Window& window, std::int64_t width) const {
    const std::int64_t row = shape_.B * width;
    return of_rows(values(array, window.first * row, window.count * row, stream_), width);
  }

  void steps_of_y(const Window& window, const States& before) {
    const std::vector<std::int32_t> lengths = lengths_within(window);
    if (!lengths.empty() && *std::max_element(lengths.begin(), lengths.end()) == 0) return;
    const Values x = part(problem_.x(), window, shape_.I);
    note("y", window, part(problem_.y(), window, shape_.H),
         reference::forward(reference_problem(window, x, before, lengths)).y);
  }

  void gradients() {
    const Window& window = windows_.front();
    problem_.run_first(window.count);
    const Values x = part(problem_.x(), window, shape_.I),
                 dy = part(problem_.dy(), window, shape_.H);
    const std::vector<std::int32_t> lengths = lengths_within(window);
    const States before = initial_states();
    const reference::Gradients expected =
        reference::backward(reference_problem(window, x, before, lengths), {.dy = dy.data()});
    note("dx", window, part(problem_.dx(), window, shape_.I), expected.dx);
    const std::pair<const char*, const Values*> all[] = {
        {"dW", &expected.dW}, {"dR", &expected.dR}, {"dbW", &expected.dbW}, {"dbR", &expected.dbR}};
    auto gradient = problem_.gradients().arrays();
    std::size_t n = 0;
    for (const auto& [name, reference] : all)
      if (!reference->empty() && n < gradient.size()) {
        if (has_all_rows())
          note(name, window, values_of(gradient[n], stream_), *reference);
        else
          check_.unchecked.emplace_back(name);
        ++n;
      }
  }

  void note(const char* name, const Window& window, const Values& results,
            const Values& reference) {
    check_.tensors.push_back({name, window, error_of_(results, reference)});
  }

  Problem& problem_;
  const ErrorOf& error_of_;
  const Shape& shape_;
  const Stream& stream_;
  std::vector<Window> windows_;
  std::vector<std::int64_t> rows_;
  std::vector<Values> weights_;
  Check check_;
};

/// takt's tensor of a peer's name.
Array tensor_of(const Problem& problem, std::string_view name) {
  if (name == "y") return problem.y();
  if (name == "hT") return problem.hT();
  if (name == "cT") return problem.cT();
  if (name == "dx") return problem.dx();
  constexpr std::string_view of_weights[] = {"dW", "dR", "dbW", "dbR"};
  const auto found = std::find(std::begin(of_weights), std::end(of_weights), name);
  if (found == std::end(of_weights))
    throw std::invalid_argument("takt bench compares no tensor '" + std::string(name) + "'");
  return problem.gradients().arrays().at(static_cast<std::size_t>(found - of_weights));
}

double largest_tensor(const Footprint& bytes) {
  return std::max({bytes.x, bytes.y, bytes.weights});
}

/// As doubles.
double widened(const Shape& shape, double bytes) {
  return bytes * 8 / static_cast<double>(size_of(shape.type));
}

bool reference_knows(const std::string& cell) {
  const auto& known = reference::cells();
  return std::any_of(known.begin(), known.end(),
                     [&](const reference::CellSizes& sizes) { return sizes.name == cell; });
}

}  // namespace

std::vector<double> values_of(const Array& array, const Stream& stream) {
  return values(array, 0, array.size(), stream);
}

std::int64_t window_width(const Shape& shape) {
  constexpr std::int64_t most_steps = 64;
  return static_cast<std::int64_t>(
      std::clamp(most_operations / operations_of_step(shape), 1.0, 1.0 * most_steps));
}

std::int64_t checked_row_count(const Shape& shape) {
  const double share = most_operations / operations_of_step(shape);
  if (share >= 1) return shape.B;
  return static_cast<std::int64_t>(std::max(1.0, share * static_cast<double>(shape.B)));
}

std::vector<std::int64_t> checked_rows(const Shape& shape) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(shape.B)), rows;
  std::iota(all.begin(), all.end(), 0);
  std::mt19937_64 draw(row_seed);
  std::sample(all.begin(), all.end(), std::back_inserter(rows), checked_row_count(shape), draw);
  return rows;
}

std::vector<Window> checked_windows(const Shape& shape) {
  const std::int64_t width = window_width(shape), between = shape.T - 2 * width;
  if (shape.T <= width) return {{0, shape.T}};
  std::vector<Window> windows = {{0, width}};
  if (between > 0) {
    const std::int64_t count = std::min(width, between);
    const auto places = static_cast<std::uint64_t>(between - count + 1);
    std::mt19937_64 draw(place_seed);
    windows.push_back({width + static_cast<std::int64_t>(draw() % places), count});
  }
  windows.push_back({shape.T - width, width});
  return windows;
}

double check_bytes(const Shape& shape, const Footprint& bytes) {
  return largest_tensor(bytes) + widened(shape, bytes.weights + bytes.gradients);
}

double compare_bytes(const Shape& shape, const Footprint& bytes) {
  const double results = bytes.y + bytes.dx_and_dy + bytes.final_states + bytes.gradients;
  return largest_tensor(bytes) + widened(shape, results + largest_tensor(bytes));
}

std::vector<TensorError> compare(Peer& peer, const Problem& problem, const ErrorOf& error_of) {
  std::vector<TensorError> errors;
  for (const PeerTensor& tensor : peer.results())
    errors.push_back(
        {tensor.name,
         {0, problem.shape().T},
         error_of(tensor.values, values_of(tensor_of(problem, tensor.name), problem.stream()))});
  return errors;
}

Check check(Problem& problem, const ErrorOf& error_of) {
  if (reference_knows(problem.shape().cell)) return Checker(problem, error_of).result();
  return {.run_seconds = time_run(problem)};
}

}  // namespace takt::bench
