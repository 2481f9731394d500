// Models, runs and conversations in files.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "file.hpp"
#include "model.hpp"
#include "operations.hpp"
#include "trainer.hpp"
#include "writer.hpp"

namespace language_model {

/// How far a run was at one step.
struct CurvePoint {
  std::int64_t step = 0;
  double training = 0;  ///< bits per byte, of the steps since the point before
  double held_out = 0;  ///< bits per byte, of the average of the weights
};

/// A run as it is described to people and to the next program.
struct Run {
  ModelSizes sizes;
  TrainingOptions options;
  std::uint64_t text_fingerprint = 0;
  std::int64_t text_bytes = 0;
  std::vector<CurvePoint> curve{};
};

/// Tells runs apart: a number of their sizes, options and text.
std::uint64_t mark_of(const Run& run);

/// What the weights of a run were found to be worth.
struct Judgement {
  std::uint64_t run_mark = 0;
  std::int64_t step = 0;
  double held_out = 0;  ///< bits per byte
};

/// The model alone: its tensors by PyTorch's names, its sizes in the metadata. As all that is saved
/// here, it is refused by a Failure where a value is not finite; an old file is then as it was.
void save_model(const std::string& path, const Parameters& parameters, Operations& operations,
                const std::optional<Judgement>& judgement = {});
/// Throws UsageError, naming the file and the reason, for a file that is not of this kind, or whose
/// tensors are not those of its sizes.
Parameters load_model(const std::string& path, Operations& operations);
/// Of a model of this run. Throws as load_model, and where it is not one of this run's.
Judgement load_judgement(const std::string& path, const Run& run);

/// All that a run needs to go on.
void save_run(const std::string& path, const Run& run, const TrainingState& state,
              Operations& operations);
/// What kind of run lies there, before memory is taken for it. Throws as load_model.
Run load_run(const std::string& path);
/// Into the state of a trainer made for that run. Throws as load_model.
void load_state(const std::string& path, TrainingState& state, Operations& operations);

/// The files that save_model and save_run write, for who replaces both at once.
FileContents model_file(const std::string& path, const Parameters& parameters,
                        Operations& operations, const std::optional<Judgement>& judgement = {});
FileContents run_file(const std::string& path, const Run& run, const TrainingState& state,
                      Operations& operations);

/// Tells models apart that have the same sizes: a number of all their values.
std::uint64_t mark_of(const Parameters& parameters, Operations& operations);

/// Where a writer is in its text; `model_mark` is that of its parameters. `load_conversation`
/// throws as load_model, and where the file is of another model.
void save_conversation(const std::string& path, const Writer& writer, std::uint64_t model_mark,
                       Operations& operations);
void load_conversation(const std::string& path, Writer& writer, std::uint64_t model_mark,
                       Operations& operations);

}  // namespace language_model
