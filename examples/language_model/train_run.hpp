// A run of train with its files: learns, says how it goes, saves what it has.
#pragma once

#include <cstdint>
#include <string>

#include "arguments.hpp"
#include "model.hpp"
#include "text.hpp"
#include "trainer.hpp"

namespace language_model {

/// What train is called with.
struct TrainArguments {
  std::string text, folder = "language_model.out", commit;
  ModelSizes sizes;
  TrainingOptions options;
  std::int64_t every = 100, sample = 400;
  bool resume = false, overwrite = false, without_recurrence = false;
  DeviceOptions device;
};

/// `arguments.folder` is there. Returns the signal that ended the run early, or 0.
int run_training(const TrainArguments& arguments, const std::string& text_path, const Text& text);

}  // namespace language_model
