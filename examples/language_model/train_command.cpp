// language_model train: learns a text, says how it goes, saves what it has.
#include <csignal>
#include <filesystem>

#include <CLI/CLI.hpp>

#include "commands.hpp"
#include "failure.hpp"
#include "file.hpp"
#include "train_run.hpp"

namespace language_model {
namespace {

namespace fs = std::filesystem;

int train(TrainArguments arguments) {
  const NamedText text = arguments.text.empty()
                             ? default_text()
                             : NamedText{arguments.text, read_text(arguments.text)};
  arguments.options.recurrence = !arguments.without_recurrence;
  std::error_code ignored;  // make_folder says what is wrong with it
  const bool last = fs::exists(arguments.folder + "/last.safetensors", ignored);
  const bool best = fs::exists(arguments.folder + "/best.safetensors", ignored);
  const std::string out = "--out is '" + arguments.folder + "', ";
  if (arguments.resume && !last)
    throw UsageError(out + "which holds no last.safetensors, so no run to resume");
  if (last && !arguments.resume && !arguments.overwrite)
    throw UsageError(out + "which holds a run; give --resume, --overwrite or another folder");
  if (best && !last && !arguments.overwrite)
    throw UsageError(out +
                     "which holds a model, best.safetensors, and no run to resume; give "
                     "--overwrite or another folder");
  make_folder("--out", arguments.folder);
  remove_leftovers(arguments.folder,
                   {"best.safetensors", "last.safetensors", "curve.svg", "run.json"});
  const int signal = run_training(arguments, text.name, text.bytes);
  if (signal != 0) raise(signal);  // so that a shell knows
  return 0;
}

/// What a run keeps from its start to its end.
std::vector<CLI::Option*> add_run_options(CLI::App& app, TrainArguments& arguments) {
  ModelSizes& sizes = arguments.sizes;
  TrainingOptions& options = arguments.options;
  const auto cell = [&sizes](const std::string& name) {
    sizes.cell = name;
    if (!objection(ModelSizes{.cell = name}).empty())
      throw UsageError("--cell is '" + name + "'; it must be one of: " + cell_names());
  };
  return {
      app.add_option_function<std::string>("--cell", cell, "A cell of takt's")
          ->type_name("NAME")
          ->default_str(sizes.cell),
      add_whole(app, "--embedding", sizes.embedding, width_range, "E, the width of a byte"),
      add_whole(app, "--hidden", sizes.hidden, width_range, "H, the units of a layer"),
      add_whole(app, "--layers", sizes.layers, layers_range, "L"),
      add_whole(app, "--steps", options.steps, steps_range, "Steps of Adam"),
      add_whole(app, "--window", options.window, window_range, "T, how far gradients reach back"),
      add_whole(app, "--streams", options.streams, streams_range,
                "B, the places that are read at a time"),
      add_number(app, "--learning-rate", options.learning_rate, rate_range, "At most"),
      add_number(app, "--dropout", options.dropout, dropout_range,
                 "Share of what layers and output read that is left out"),
      add_number(app, "--decay", options.decay, decay_range,
                 "Of matrices, times the learning rate, in each step"),
      add_number(app, "--clip", options.most_norm, norm_range, "The gradient's largest norm"),
      add_number(app, "--average", options.average_decay, average_range,
                 "What the average of the weights keeps of itself in a step"),
      add_seed(app, options.seed, "The same seed gives the same weights"),
      app.add_flag("--without-recurrence", arguments.without_recurrence,
                   "For comparison: R is 0 and stays 0")};
}

}  // namespace

Command train_command(CLI::App& program) {
  const auto arguments = std::make_shared<TrainArguments>();
  CLI::App* app = program.add_subcommand(
      "train", "Learn a text, whose last tenth only judges; save the best weights and all else");
  app->add_option("text", arguments->text,
                  "Any file [/usr/share/common-licenses/GPL-3, where it is, else takt's documents]")
      ->type_name("FILE");
  app->add_option("--out", arguments->folder,
                  "Where best.safetensors, last.safetensors, curve.svg and run.json go")
      ->type_name("DIR")
      ->capture_default_str();
  CLI::Option* resume = app->add_flag("--resume", arguments->resume,
                                      "Go on with the run in --out, as it was started");
  for (CLI::Option* option : add_run_options(*app, *arguments)) resume->excludes(option);
  resume->excludes(
      app->add_flag("--overwrite", arguments->overwrite, "Start anew where --out holds a run"));
  add_whole(*app, "--every", arguments->every, {1, 1e9},
            "Steps between judgements; the best and the last are saved then");
  add_whole(*app, "--sample", arguments->sample, {0, 1e9}, "Bytes to write at the end");
  app->add_option("--commit", arguments->commit, "For run.json: where the program comes from")
      ->type_name("TEXT");
  arguments->device.add(*app);
  return {app, [arguments] { return train(*arguments); }};
}

}  // namespace language_model
