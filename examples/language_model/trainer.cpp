// Steps of training, and judgement.
#include "trainer.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "initial.hpp"
#include "random.hpp"

namespace language_model {
namespace {

Batch make_batch(Operations& operations, std::int64_t T, std::int64_t B) {
  return {operations.make_bytes(T * B), operations.make_bytes(T * B), operations.make_bytes(T * B),
          T, B};
}

double bits(double nats) {
  return nats / std::numbers::ln2;
}

/// Reads the sum and sets it to 0.
double take(takt::Array& sum, Operations& operations) {
  const double value = takt::to_host<double>(sum, operations.stream()).front();
  const double zero = 0;
  operations.copy_to_device(std::span(&zero, 1), sum);
  return value;
}

template <class Real>
void copy(const takt::Array& from, takt::Array& to, Operations& operations) {
  const std::vector<Real> values = takt::to_host<Real>(from, operations.stream());
  operations.copy_to_device(std::vector<double>(values.begin(), values.end()), to);
}

bool decays(Role role) {
  return role != Role::bias && role != Role::forget_bias;
}

}  // namespace

StepNumbers step_numbers(const TrainingOptions& options, std::int64_t text_size,
                         std::int64_t step) {
  const std::int64_t steps_per_pass =
      std::max<std::int64_t>(1, text_size / (options.window * options.streams));
  const std::int64_t pass = step / steps_per_pass, step_of_pass = step % steps_per_pass;
  const std::uint64_t shift =
      random_bits(sequence(options.seed, Purpose::shift), static_cast<std::uint64_t>(pass));
  const auto steps_done = static_cast<double>(step);
  const double done = std::min(steps_done / static_cast<double>(options.steps), 1.0);
  constexpr double rise = 0.05, least = 0.02;
  const double rising = std::min((done + 1e-3) / rise, 1.0);
  const double falling = std::max(0.5 * (1 + std::cos(std::numbers::pi * done)), least);
  return {.step = step + 1,
          .start = static_cast<std::int64_t>(shift % static_cast<std::uint64_t>(text_size)) +
                   step_of_pass * options.window,
          .fresh = step_of_pass == 0,
          .learning_rate = options.learning_rate * rising * falling,
          // Less at the start, which the average should forget.
          .average_decay = std::min(options.average_decay, (1 + steps_done) / (10 + steps_done))};
}

Judge::Judge(const ModelSizes& sizes, std::span<const std::uint8_t> before,
             std::span<const std::uint8_t> text, Operations& operations, takt::DataType type)
    : sizes_(sizes),
      operations_(operations),
      type_(type),
      network_(sizes, {.T = window, .B = 1}, takt::Mode::inference, operations, {}, type),
      sum_(operations.device(), {1}, takt::DataType::f64) {
  const auto first = before.last(std::min<std::size_t>(before.size(), most_before));
  const auto judged = text.first(std::min<std::size_t>(text.size(), most_bytes));
  Text all(first.begin(), first.end());
  all.insert(all.end(), judged.begin(), judged.end());
  unjudged_ = static_cast<std::int64_t>(first.size()) - 1;
  rows_ = static_cast<std::int64_t>(all.size()) - 1;
  const std::int64_t calls = (rows_ + window - 1) / window;
  text_ = operations.make_bytes(calls * window + 1);  // with some that are read and do not count
  operations.copy_to_device(all, text_);
}

double Judge::bits_per_byte(const Parameters& parameters) {
  States states(sizes_, 1, operations_.device(), type_);
  network_.pack(parameters);
  for (std::int64_t start = 0; start < rows_; start += window) {
    network_.forward(parameters, part(text_, start, start + window), {}, states);
    const std::int64_t first = std::clamp<std::int64_t>(unjudged_ - start, 0, window);
    const std::int64_t end = std::min(window, rows_ - start);
    if (first < end) network_.loss(part(text_, start + 1, start + 1 + window), first, end, sum_);
  }
  return bits(take(sum_, operations_)) / static_cast<double>(rows_ - unjudged_);
}

TrainingState::TrainingState(const ModelSizes& sizes, const TrainingOptions& options,
                             const takt::Device& device, takt::DataType type)
    : weights(sizes, device, type),
      average(sizes, device, type),
      mean(sizes, device, type),
      square(sizes, device, type),
      states(sizes, options.streams, device, type),
      loss(device, {1}, takt::DataType::f64) {}

Trainer::Trainer(const ModelSizes& sizes, const TrainingOptions& options,
                 std::span<const std::uint8_t> text, Operations& operations, takt::DataType type,
                 Start start)
    : sizes_(sizes),
      options_(options),
      operations_(operations),
      network_(sizes, {.T = options.window, .B = options.streams}, takt::Mode::training, operations,
               {.rate = options.dropout, .seed = options.seed}, type),
      text_(operations.make_bytes(static_cast<std::int64_t>(text.size()))),
      batch_(make_batch(operations, options.window, options.streams)),
      gradients_(sizes, operations.device(), type),
      norm_(operations.device(), {1}, takt::DataType::f64),
      state_(sizes, options, operations.device(), type),
      repeated_step_(operations.repeat([this] { run_step(); })) {
  operations.copy_to_device(text, text_);
  if (start == Start::zeros) return;
  initialise(state_.weights, {.seed = options.seed, .recurrence = options.recurrence}, operations);
  const takt::Array& drawn = state_.weights.values();
  takt::Array& average = state_.average.values();
  type == takt::DataType::f64 ? copy<double>(drawn, average, operations)
                              : copy<float>(drawn, average, operations);
}

void Trainer::step() {
  network_.measure(
      Part::rest, [&] { operations_.begin_step(step_numbers(options_, text_.size, state_.step)); });
  repeated_step_->run();
  state_.step += 1;
  state_.loss_steps += 1;
}

void Trainer::run_step() {
  network_.measure(Part::rest, [&] { operations_.read_streams(text_, batch_); });
  network_.forward(state_.weights, batch_.inputs, batch_.resets, state_.states);
  // An R that stays 0 has no gradients, which would count in the norm that clips the others.
  network_.backward(state_.weights, batch_, state_.loss, gradients_, options_.recurrence);
  network_.measure(Part::rest, [&] { update(); });
}

void Trainer::update() {
  operations_.norm(gradients_.values(), norm_);
  for (const Parameter& parameter : state_.weights.list()) {
    if (parameter.role == Role::recurrent && !options_.recurrence) continue;
    operations_.adam({.value = state_.weights.at(parameter),
                      .gradient = gradients_.at(parameter),
                      .mean = state_.mean.at(parameter),
                      .square = state_.square.at(parameter),
                      .average = state_.average.at(parameter),
                      .decay = decays(parameter.role) ? options_.decay : 0},
                     norm_, {.most_norm = options_.most_norm});
  }
}

double Trainer::training_bits_per_byte() {
  const std::int64_t read = state_.loss_steps * bytes_per_step();
  state_.loss_steps = 0;
  return bits(take(state_.loss, operations_)) / static_cast<double>(read);
}

}  // namespace language_model
