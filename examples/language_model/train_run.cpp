// Steps, judgements, files and lines of a run.
#include "train_run.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>
#include <new>
#include <numbers>

#include "checkpoint.hpp"
#include "curve.hpp"
#include "failure.hpp"
#include "file.hpp"
#include "interrupts.hpp"
#include "output.hpp"
#include "record.hpp"
#include "witten_bell.hpp"
#include "writer.hpp"

namespace language_model {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

bool is_there(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error) || error;  // who reads it says what is wrong with it
}

/// What a run is, before anything of it takes long.
struct Task {
  std::string text_path;
  Split parts;
  std::unique_ptr<Operations> operations;
  Run run;

  std::span<const std::uint8_t> judged() const {
    return parts.held_out.first(std::min<std::size_t>(parts.held_out.size(), Judge::most_bytes));
  }
};

Run run_of(const TrainArguments& arguments, const std::string& text_path, const Text& text) {
  const std::uint64_t mark = fingerprint(text);
  const auto size = static_cast<std::int64_t>(text.size());
  if (!arguments.resume) return {arguments.sizes, arguments.options, mark, size};
  const std::string path = arguments.folder + "/last.safetensors";
  Run run = load_run(path);
  if (run.text_fingerprint != mark || run.text_bytes != size)
    throw UsageError("the run '" + path + "' is one on another text, of " +
                     std::to_string(run.text_bytes) + " bytes and mark " +
                     std::to_string(run.text_fingerprint) + "; '" + text_path + "' has " +
                     std::to_string(size) + " bytes and mark " + std::to_string(mark));
  return run;
}

void introduce(const Task& task) {
  print_line("text       " + escaped(task.text_path) + ": " +
             std::to_string(task.parts.train.size()) + " bytes to learn, " +
             std::to_string(task.judged().size()) + " held out to judge by");
  print_line("model      " + to_string(task.run.sizes) +
             (task.run.options.recurrence ? "" : ", R = 0"));
  print_line("device     " + task.operations->device().describe());
}

/// A run with its files.
class Training {
 public:
  Training(const TrainArguments& arguments, Task task)
      : arguments_(arguments),
        text_path_(std::move(task.text_path)),
        operations_(std::move(task.operations)),
        run_(std::move(task.run)),
        trainer_(run_.sizes, run_.options, task.parts.train, *operations_, takt::DataType::f32,
                 arguments.resume ? Start::zeros : Start::drawn),
        judge_(run_.sizes, task.parts.train, task.parts.held_out, *operations_,
               takt::DataType::f32),
        counted_(WittenBell(task.parts.train).bits_per_byte(task.parts.train, task.judged())) {
    if (arguments.resume) load_state(path("last.safetensors"), trainer_.state(), *operations_);
  }

  /// Returns the signal that ended it early, or 0.
  int run() {
    const Interrupts interrupts;
    find_best();
    print_line(format("counting   an order-%d Witten-Bell model needs %.3f bits per byte held out",
                      WittenBell::order, counted_));
    print_line("   step   loss  bits/byte  held out    bytes/s  time left");
    const std::int64_t first = trainer_.state().step;
    take_steps(interrupts);
    if (trainer_.state().step < run_.options.steps) {
      replace_files({last_file()});
      const bool of_another = !std::isfinite(best_) && is_there(path("best.safetensors"));
      print_line("stopped at step " + std::to_string(trainer_.state().step) + "; " +
                 (of_another ? "move best.safetensors away, another run's, and " : "") +
                 "go on with --resume");
    }
    if (trainer_.state().step > first) conclude(trainer_.state().step - first);
    write_sample(interrupts);
    return interrupts.signal();
  }

 private:
  bool on_gpu() const { return operations_->device().kind() == takt::DeviceKind::cuda; }

  std::string path(const char* name) const { return arguments_.folder + "/" + name; }

  /// What a resumed run is to surpass: its best model, which may come from a step that the run is
  /// still to repeat. Where there is none, the weights as they are now take its place; any other
  /// file there may be all that somebody has, and stays.
  void find_best() {
    if (!arguments_.resume) return;
    if (is_there(path("best.safetensors"))) {
      try {
        best_ = load_judgement(path("best.safetensors"), run_).held_out;
      } catch (const UsageError& error) {
        throw UsageError(std::string(error.what()) +
                         "; move it away, and --resume goes on without it");
      }
    } else if (!run_.curve.empty()) {
      print_line("best.safetensors is not there any more; the weights as they are take its place");
      best_ = judge_.bits_per_byte(trainer_.state().average);
      replace_files({best_file()});
    }
  }

  /// The weights as they are, as the best.
  FileContents best_file() const {
    return model_file(path("best.safetensors"), trainer_.state().average, *operations_,
                      Judgement{mark_of(run_), trainer_.state().step, best_});
  }
  FileContents last_file() const {
    return run_file(path("last.safetensors"), run_, trainer_.state(), *operations_);
  }

  void take_steps(const Interrupts& interrupts) {
    const Clock::time_point start = Clock::now();
    const std::int64_t first = trainer_.state().step;
    while (trainer_.state().step < run_.options.steps && interrupts.signal() == 0) {
      trainer_.step();
      const std::int64_t step = trainer_.state().step;
      if (step % arguments_.every != 0 && step != run_.options.steps) continue;
      judge();
      report(step - first, seconds_since(start));
    }
    seconds_ = seconds_since(start);
  }

  void judge() {
    const CurvePoint point{trainer_.state().step, trainer_.training_bits_per_byte(),
                           judge_.bits_per_byte(trainer_.state().average)};
    if (!std::isfinite(point.training) || !std::isfinite(point.held_out))
      throw Failure("the loss at step " + std::to_string(point.step) +
                    " is not a number any more; a smaller --learning-rate may help");
    run_.curve.push_back(point);
    std::vector<FileContents> files;
    if (point.held_out < best_) {
      best_ = point.held_out;
      files.push_back(best_file());
    }
    files.push_back(
        last_file());  // behind the best: a run cut off between comes to this step again
    replace_files(files);
  }

  void report(std::int64_t steps, double seconds) const {
    const CurvePoint& point = run_.curve.back();
    const double per_step = seconds / static_cast<double>(steps);
    const double left = static_cast<double>(run_.options.steps - point.step) * per_step;
    print_line(format("%7lld  %5.3f  %9.3f  %8.3f  %9.0f  %s", static_cast<long long>(point.step),
                      point.training * std::numbers::ln2, point.training, point.held_out,
                      static_cast<double>(trainer_.bytes_per_step()) / per_step,
                      duration(left).c_str()));
  }

  void conclude(std::int64_t steps) const {
    const TimeShares& time = trainer_.time();
    if (time.seconds() > 0)
      print_line(
          format("time       of %s: %.0f %% takt's calls, %.0f %% large "
                 "products, %.0f %% the rest",
                 on_gpu() ? "a few training steps, run part by part" : "training steps",
                 100 * time.share(Part::takt), 100 * time.share(Part::products),
                 100 * time.share(Part::rest)));
    if (run_.curve.empty()) return;
    print_line(format("best       %.3f bits per byte held out; by counting %.3f", best_, counted_));
    replace_file(path("curve.svg"), curve_svg(run_.curve, counted_, to_string(run_.sizes)));
    write_record(steps);
    print_line("wrote      " + escaped(path("best.safetensors")) +
               ", last.safetensors, curve.svg, run.json");
  }

  void write_record(std::int64_t steps) const {
    Record record{
        .commit = arguments_.commit,
        .sizes = run_.sizes,
        .options = run_.options,
        .text = is_there(text_path_) ? fs::path(text_path_).filename().string() : text_path_,
        .text_bytes = run_.text_bytes,
        .witten_bell = counted_,
        .device = operations_->device().describe(),
        .curve = run_.curve};
    const TimeShares& time = trainer_.time();
    record.takt_share = time.share(Part::takt);
    record.products_share = time.share(Part::products);
    record.seconds = seconds_;
    record.timed_steps = steps;
    replace_file(path("run.json"), to_json(record));
  }

  void write_sample(const Interrupts& interrupts) const {
    if (arguments_.sample == 0 || interrupts.signal() != 0 || !std::isfinite(best_)) return;
    const Parameters best = load_model(path("best.safetensors"), *operations_);
    Writer writer(best, *operations_);
    print_line("sample");
    for (std::int64_t n = 0; n < arguments_.sample && interrupts.signal() == 0; ++n)
      print_byte(writer.write({}));
    print_line("");
  }

  const TrainArguments& arguments_;
  std::string text_path_;
  std::unique_ptr<Operations> operations_;
  Run run_;
  Trainer trainer_;
  Judge judge_;
  double counted_;
  double seconds_ = 0;  // of taking steps, judgements and saving included
  double best_ = std::numeric_limits<double>::infinity();  // of what lies in best.safetensors
};

}  // namespace

int run_training(const TrainArguments& arguments, const std::string& text_path, const Text& text) {
  Task task{text_path, split(text), arguments.device.make(), run_of(arguments, text_path, text)};
  introduce(task);
  const Run run = task.run;
  try {
    return Training(arguments, std::move(task)).run();
  } catch (const std::bad_alloc&) {
    throw Failure("out of memory for " + to_string(run.sizes) + ", --streams " +
                  std::to_string(run.options.streams) + " and --window " +
                  std::to_string(run.options.window) + "; less of --embedding, --hidden, " +
                  "--layers, --streams or --window needs less");
  }
}

}  // namespace language_model
