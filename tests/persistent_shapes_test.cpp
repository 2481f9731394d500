// docs/persistent-shapes.md: what the planner has for each listed shape, on an H200.
#ifdef TAKT_TOOL

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "cuda/persistent.hpp"
#include "gpu_facts.hpp"
#include "shape.hpp"

namespace takt {
namespace {

const std::string page_path = TAKT_SOURCE_DIR "/docs/persistent-shapes.md";
const char* const head = R"(# Persistent kernels, planned

The fastest persistent kernel by the planner's model for each size that the lists of
[bench/shapes](../bench/shapes) name for a GPU, on an H200, in both passes. The model's constants
([persistent.cpp](../src/cuda/persistent.cpp)) are guesses from published figures: none has been
measured, and neither has any time of this page. *us a step* is that of the recurrence alone, of all
rows of the batch. A test holds this page against the planner; with TAKT_WRITE_PAGE=1 it writes it.

| cell | type | B | H | forward | R streamed | us a step | backward | R^T streamed | us a step |
|---|---|--:|--:|---|--:|--:|---|--:|--:|
)";

struct Best {
  cuda::PersistentForm form = cuda::PersistentForm::block;
  cuda::PersistentChoice choice{};
};

Best best_of(const bench::Shape& shape, bool backward) {
  const RnnSpec spec{.cell = shape.cell,
                     .input_size = shape.I,
                     .hidden_size = shape.H,
                     .type = shape.type,
                     .math = shape.math};
  Best best;
  for (const auto form :
       {cuda::PersistentForm::block, cuda::PersistentForm::cluster, cuda::PersistentForm::grid}) {
    const auto choice = cuda::choose_persistent({form, backward}, spec, find_cell(shape.cell),
                                                {shape.T, shape.B}, gpu_facts::h200());
    if (choice.shape && (!best.choice.shape || choice.step_us < best.choice.step_us))
      best = {form, choice};
  }
  return best;
}

std::string cells_of(const bench::Shape& shape, bool backward) {
  const Best best = best_of(shape, backward);
  if (!best.choice.shape) return " | none | | |";
  const policy::PersistentShape& chosen = *best.choice.shape;
  const std::int64_t groups = cuda::groups(chosen, shape.B);
  char us[32];
  std::snprintf(us, sizeof us, "%.2f", best.choice.step_us);
  const std::int64_t streamed = 100 * chosen.streamed_depth() / chosen.depth();
  return " | " + std::string(cuda::to_string(best.form)) + ", " + std::to_string(groups) + " x " +
         std::to_string(chosen.blocks) + " x " + std::to_string(chosen.threads()) + " | " +
         (streamed > 0 ? std::to_string(streamed) + " %" : "") + " | " + us;
}

std::string page() {
  std::string text = head;
  std::set<std::string> rows;
  for (const char* const list :
       {"gpu", "persistent", "sequence-length", "flashrnn", "deepbench-inference",
        "deepbench-training", "small-hidden", "structure", "grid"})
    for (const bench::Shape& shape :
         bench::read_shapes(TAKT_SOURCE_DIR "/bench/shapes/" + std::string(list) + ".txt")) {
      if (shape.type == DataType::f64) continue;
      const std::string row = "| " + shape.cell + " | " + std::string(precision_name(shape)) +
                              " | " + std::to_string(shape.B) + " | " + std::to_string(shape.H);
      if (rows.insert(row).second)
        text += row + cells_of(shape, false) + cells_of(shape, true) + " |\n";
    }
  return text;
}

TEST(PersistentShapes, AreThoseOfThePage) {
  const std::string wanted = page();
  if (std::getenv("TAKT_WRITE_PAGE") != nullptr) std::ofstream(page_path) << wanted;
  std::ifstream file(page_path);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  EXPECT_TRUE(text == wanted) << "not what the planner has now; TAKT_WRITE_PAGE=1 writes it anew";
}

}  // namespace
}  // namespace takt

#endif
