// What is saved, under which names, and what is refused.
#include "checkpoint.hpp"

#include <algorithm>
#include <cmath>

#include "failure.hpp"
#include "loaded_file.hpp"
#include "sizes.hpp"
#include "text.hpp"

namespace language_model {
namespace {

using Metadata = std::map<std::string, std::string>;

/// What "format" says in the metadata.
constexpr const char* model_kind = "takt language model";
constexpr const char* run_kind = "takt language model in training";
constexpr const char* conversation_kind = "takt language model in conversation";

/// Calls `visit(key, member)` for every member that metadata hold.
template <class Sizes, class Visit>
void visit_sizes(Sizes& sizes, const Visit& visit) {
  visit("embedding", sizes.embedding);
  visit("hidden", sizes.hidden);
  visit("layers", sizes.layers);
}
template <class Options, class Visit>
void visit_options(Options& options, const Visit& visit) {
  visit("steps", options.steps);
  visit("window", options.window);
  visit("streams", options.streams);
  visit("learning_rate", options.learning_rate);
  visit("dropout", options.dropout);
  visit("decay", options.decay);
  visit("most_norm", options.most_norm);
  visit("average_decay", options.average_decay);
  visit("seed", options.seed);
  visit("recurrence", options.recurrence);
}

void describe(const ModelSizes& sizes, const char* kind, Metadata& metadata) {
  metadata["format"] = kind;
  metadata["cell"] = sizes.cell;
  visit_sizes(sizes, [&](const char* key, auto value) { metadata[key] = text_of(value); });
}

ModelSizes read_sizes(const LoadedFile& file) {
  ModelSizes sizes;
  sizes.cell = file.text("cell");
  visit_sizes(sizes, [&](const char* key, auto& value) { file.read(key, value); });
  if (const std::string why = objection(sizes); !why.empty()) file.refuse("says that " + why);
  return sizes;
}

std::vector<double> host_values(const takt::Array& array, Operations& operations) {
  if (array.type() == takt::DataType::f64) return takt::to_host<double>(array, operations.stream());
  const std::vector<float> values = takt::to_host<float>(array, operations.stream());
  return {values.begin(), values.end()};
}

void add(TensorFile& file, const std::string& name, const takt::Array& array,
         Operations& operations) {
  file.tensors[name] = {array.type(), array.shape(), host_values(array, operations)};
}

void add(TensorFile& file, const std::string& prefix, const Parameters& parameters,
         Operations& operations) {
  const std::vector<double> all = host_values(parameters.values(), operations);
  for (const Parameter& parameter : parameters.list()) {
    const auto first = all.begin() + parameter.offset;
    file.tensors[prefix + parameter.name] = {
        parameters.values().type(), parameter.shape, {first, first + parameter.size}};
  }
}

void add(TensorFile& file, const States& states, Operations& operations) {
  for (std::size_t l = 0; l < states.h.size(); ++l)
    add(file, "state.h_l" + std::to_string(l), states.h[l], operations);
  for (std::size_t l = 0; l < states.c.size(); ++l)
    add(file, "state.c_l" + std::to_string(l), states.c[l], operations);
}

/// Fills `to` from the file, or refuses.
void load(const LoadedFile& file, const std::string& name, takt::Array& to,
          Operations& operations) {
  operations.copy_to_device(file.values(name, to.shape()), to);
}

void load(const LoadedFile& file, const std::string& prefix, Parameters& to,
          Operations& operations) {
  for (const Parameter& parameter : to.list())
    operations.copy_to_device(file.values(prefix + parameter.name, parameter.shape),
                              to.at(parameter));
}

void load(const LoadedFile& file, States& to, Operations& operations) {
  for (std::size_t l = 0; l < to.h.size(); ++l)
    load(file, "state.h_l" + std::to_string(l), to.h[l], operations);
  for (std::size_t l = 0; l < to.c.size(); ++l)
    load(file, "state.c_l" + std::to_string(l), to.c[l], operations);
}

constexpr std::int64_t curve_columns = 3;

Tensor curve_tensor(const std::vector<CurvePoint>& curve) {
  Tensor tensor{takt::DataType::f64, {static_cast<std::int64_t>(curve.size()), curve_columns}, {}};
  for (const CurvePoint& point : curve)
    for (const double value : {static_cast<double>(point.step), point.training, point.held_out})
      tensor.values.push_back(value);
  return tensor;
}

std::vector<CurvePoint> read_curve(const LoadedFile& file, std::int64_t last_step) {
  const Tensor& tensor = file.tensor("curve");
  if (tensor.shape.size() != 2 || tensor.shape[1] != curve_columns)
    file.refuse("has a tensor 'curve' that does not have " + std::to_string(curve_columns) +
                " columns");
  std::vector<CurvePoint> curve;
  double before = 0;
  for (std::size_t n = 0; n < tensor.values.size(); n += curve_columns) {
    const double step = tensor.values[n];
    if (step <= before || step > static_cast<double>(last_step) || step != std::floor(step))
      file.refuse("has a tensor 'curve' whose steps do not rise from 1 to at most " +
                  std::to_string(last_step));
    before = step;
    curve.push_back({static_cast<std::int64_t>(step), tensor.values[n + 1], tensor.values[n + 2]});
  }
  return curve;
}

/// Refuses a run whose tensors are not those of its sizes, before memory is taken for them.
void check_shapes(const LoadedFile& file, const Run& run) {
  for (const Parameter& parameter : parameters_of(run.sizes))
    for (const char* prefix : {"weights.", "average.", "adam.mean.", "adam.square."})
      (void)file.values(prefix + parameter.name, parameter.shape);
  for (std::int64_t l = 0; l < run.sizes.layers; ++l)
    (void)file.values("state.h_l" + std::to_string(l), {run.options.streams, run.sizes.hidden});
}

/// What could not be loaded again is not saved, and does not replace what could.
FileContents file_of(const std::string& path, const TensorFile& file) {
  for (const auto& [name, tensor] : file.tensors)
    if (!is_finite(tensor))
      throw Failure("could not save '" + path + "': '" + name +
                    "' has values that are not finite in f32");
  return {path, safetensors_of(file)};
}

/// What every run's metadata say of it, whatever its step.
Metadata describe(const Run& run) {
  Metadata metadata;
  describe(run.sizes, run_kind, metadata);
  visit_options(run.options, [&](const char* key, auto value) { metadata[key] = text_of(value); });
  metadata["text_mark"] = text_of(run.text_fingerprint);
  metadata["text_bytes"] = text_of(run.text_bytes);
  return metadata;
}

/// The sizes of a model whose tensors are theirs, before memory is taken for them.
ModelSizes check_model(const LoadedFile& file) {
  const ModelSizes sizes = read_sizes(file);
  const std::vector<Parameter> needed = parameters_of(sizes);
  for (const Parameter& parameter : needed) (void)file.values(parameter.name, parameter.shape);
  for (const auto& [name, tensor] : file.tensors())
    if (std::ranges::find(needed, name, &Parameter::name) == needed.end())
      file.refuse("has tensor '" + name + "', which its sizes do not need");
  return sizes;
}

}  // namespace

std::uint64_t mark_of(const Run& run) {
  std::string all;
  for (const auto& [key, value] : describe(run)) all += key + "=" + value + "\n";
  return fingerprint(Text(all.begin(), all.end()));
}

FileContents model_file(const std::string& path, const Parameters& parameters,
                        Operations& operations, const std::optional<Judgement>& judgement) {
  TensorFile file;
  describe(parameters.sizes(), model_kind, file.metadata);
  if (judgement.has_value()) {
    file.metadata["run_mark"] = text_of(judgement->run_mark);
    file.metadata["step"] = text_of(judgement->step);
    file.metadata["held_out"] = text_of(judgement->held_out);
  }
  add(file, "", parameters, operations);
  return file_of(path, file);
}

void save_model(const std::string& path, const Parameters& parameters, Operations& operations,
                const std::optional<Judgement>& judgement) {
  replace_files({model_file(path, parameters, operations, judgement)});
}

Judgement load_judgement(const std::string& path, const Run& run) {
  const LoadedFile file("the model", path, model_kind);
  (void)check_model(file);
  Judgement judgement;
  file.read("run_mark", judgement.run_mark);
  if (const std::uint64_t mark = mark_of(run); judgement.run_mark != mark)
    file.refuse("is one of another run: its 'run_mark' is " + text_of(judgement.run_mark) +
                ", this run's " + text_of(mark));
  file.read("step", judgement.step);
  file.read("held_out", judgement.held_out);
  if (!std::isfinite(judgement.held_out))
    file.refuse("says that 'held_out' is " + text_of(judgement.held_out) + "; it must be finite");
  return judgement;
}

Parameters load_model(const std::string& path, Operations& operations) {
  const LoadedFile file("the model", path, model_kind);
  Parameters parameters(check_model(file), operations.device());
  load(file, "", parameters, operations);
  return parameters;
}

FileContents run_file(const std::string& path, const Run& run, const TrainingState& state,
                      Operations& operations) {
  TensorFile file{.metadata = describe(run), .tensors = {}};
  file.metadata["step"] = text_of(state.step);
  file.metadata["loss_steps"] = text_of(state.loss_steps);
  add(file, "weights.", state.weights, operations);
  add(file, "average.", state.average, operations);
  add(file, "adam.mean.", state.mean, operations);
  add(file, "adam.square.", state.square, operations);
  add(file, state.states, operations);
  add(file, "loss", state.loss, operations);
  file.tensors["curve"] = curve_tensor(run.curve);
  return file_of(path, file);
}

void save_run(const std::string& path, const Run& run, const TrainingState& state,
              Operations& operations) {
  replace_files({run_file(path, run, state, operations)});
}

Run load_run(const std::string& path) {
  const LoadedFile file("the run", path, run_kind);
  Run run;
  run.sizes = read_sizes(file);
  visit_options(run.options, [&](const char* key, auto& value) { file.read(key, value); });
  if (const std::string why = objection(run.options); !why.empty()) file.refuse("says that " + why);
  const std::int64_t step = file.count("step", 0, run.options.steps);
  (void)file.count("loss_steps", 0, step);
  file.read("text_mark", run.text_fingerprint);
  file.read("text_bytes", run.text_bytes);
  run.curve = read_curve(file, step);
  check_shapes(file, run);
  return run;
}

void load_state(const std::string& path, TrainingState& state, Operations& operations) {
  const LoadedFile file("the run", path, run_kind);
  load(file, "weights.", state.weights, operations);
  load(file, "average.", state.average, operations);
  load(file, "adam.mean.", state.mean, operations);
  load(file, "adam.square.", state.square, operations);
  load(file, state.states, operations);
  load(file, "loss", state.loss, operations);
  file.read("step", state.step);
  file.read("loss_steps", state.loss_steps);
}

std::uint64_t mark_of(const Parameters& parameters, Operations& operations) {
  const std::vector<double> values = host_values(parameters.values(), operations);
  const auto* first = reinterpret_cast<const std::uint8_t*>(values.data());
  return fingerprint(std::span(first, values.size() * sizeof(double)));
}

void save_conversation(const std::string& path, const Writer& writer, std::uint64_t model_mark,
                       Operations& operations) {
  TensorFile file;
  describe(writer.parameters().sizes(), conversation_kind, file.metadata);
  file.metadata["model_mark"] = text_of(model_mark);
  file.metadata["drawn"] = text_of(writer.place().drawn);
  add(file, writer.place().states, operations);
  add(file, "logits", writer.place().logits, operations);
  replace_files({file_of(path, file)});
}

void load_conversation(const std::string& path, Writer& writer, std::uint64_t model_mark,
                       Operations& operations) {
  const LoadedFile file("the conversation", path, conversation_kind);
  if (const std::string& mark = file.text("model_mark"); mark != text_of(model_mark))
    file.refuse("was held with another model, of mark '" + mark + "'; this one's is " +
                text_of(model_mark));
  constexpr std::int64_t most_drawn = std::int64_t{1} << 62;
  writer.place().drawn = file.count("drawn", 0, most_drawn);
  load(file, writer.place().states, operations);
  load(file, "logits", writer.place().logits, operations);
}

}  // namespace language_model
