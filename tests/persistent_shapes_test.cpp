// docs/persistent-shapes.md: what the planner has for each listed shape, on an H200.
#ifdef TAKT_TOOL

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cuda/model.hpp"
#include "cuda/persistent.hpp"
#include "gpu_facts.hpp"
#include "shape.hpp"

namespace takt {
namespace {

const std::string page_path = TAKT_SOURCE_DIR "/docs/persistent-shapes.md";
const char* const head = R"(# Persistent kernels, planned

The fastest persistent kernel by the [planner's model](planner.md) for each size that the lists of
[bench/shapes](../bench/shapes) name for a GPU, on an H200, in both passes. The model's constants
are guesses: none has been measured, and neither has any time of this page. *us a step* is that of
the recurrence alone, of all rows of the batch; *steps* that of the step algorithm, which takes as
long in either pass; *fused* that of one kernel a step that has the product and the gates, which takt
does not have. A persistent kernel is named with groups of rows x blocks of a group x threads of a
block, and the shared memory of a block. A test holds this page against the planner; with
TAKT_WRITE_PAGE=1 it writes it.

)";

struct Best {
  cuda::PersistentForm form = cuda::PersistentForm::block;
  cuda::PersistentChoice choice{};
};

struct Row {
  bench::Shape shape;
  RnnSpec spec;
  Best forward{}, backward{};
  double steps_us = 0, fused_us = 0;

  explicit Row(const bench::Shape& of)
      : shape(of),
        spec{.cell = of.cell,
             .input_size = of.I,
             .hidden_size = of.H,
             .type = of.type,
             .math = of.math},
        forward(best(false)),
        backward(best(true)) {
    const cuda::StepSize size{spec, find_cell(of.cell), of.B};
    steps_us = cuda::step_us(size, gpu_facts::h200());
    fused_us = cuda::fused_step_us(size, gpu_facts::h200());
  }

 private:
  Best best(bool backward_pass) const {
    Best found;
    for (const auto form : cuda::persistent_forms) {
      const auto choice =
          cuda::choose_persistent({form, backward_pass}, spec, find_cell(shape.cell),
                                  {shape.T, shape.B}, gpu_facts::h200());
      if (choice.shape && (!found.choice.shape || choice.step_us < found.choice.step_us))
        found = {form, choice};
    }
    return found;
  }
};

bool is_streamed(const Best& best) {
  return best.choice.shape && best.choice.shape->streamed_depth() > 0;
}

std::string us_text(double us) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", us);
  return text;
}

std::string cells_of(const Best& best, std::int64_t B) {
  if (!best.choice.shape) return " | none | | ";
  const policy::PersistentShape& chosen = *best.choice.shape;
  const std::int64_t streamed = 100 * chosen.streamed_depth() / chosen.depth();
  return " | " + std::string(cuda::to_string(best.form)) + ", " + std::to_string(chosen.groups(B)) +
         " x " + std::to_string(chosen.blocks) + " x " + std::to_string(chosen.threads()) + ", " +
         std::to_string((chosen.shared_bytes() + 1023) / 1024) + " KiB | " +
         (streamed > 0 ? std::to_string(streamed) + " %" : "") + " | " +
         us_text(best.choice.step_us);
}

/// How often takt's fastest, a persistent kernel or steps, is faster than the fused kernel.
struct Fused {
  int all = 0, slower = 0;
  double most_gain = 0;
  std::string where{};  ///< the fused kernel gains most

  void add(const Row& row) {
    const double us = std::min(row.forward.choice.step_us, row.steps_us);
    ++all;
    if (us < row.fused_us) ++slower;
    if (us / row.fused_us <= most_gain) return;
    most_gain = us / row.fused_us;
    where = row.shape.cell + " " + std::string(precision_name(row.shape)) + " B" +
            std::to_string(row.shape.B) + " H" + std::to_string(row.shape.H);
  }
  std::string text() const {
    return std::to_string(slower) + " of " + std::to_string(all) + ", and at most " +
           us_text(most_gain) + " times slower (" + where + ")";
  }
};

std::string summary(const std::vector<Row>& rows) {
  int all = 0, faster = 0;
  Fused resident, few_rows, many_rows;
  for (const Row& row : rows) {
    if (!row.forward.choice.shape) continue;
    ++all;
    if (row.forward.choice.step_us < row.steps_us) ++faster;
    Fused& fused = !is_streamed(row.forward)                     ? resident
                   : row.shape.B <= policy::Persistent::row_tile ? few_rows
                                                                 : many_rows;
    fused.add(row);
  }
  return "Forward, by these guesses, of " + std::to_string(all) +
         " sizes that have a persistent kernel it is faster than steps at " +
         std::to_string(faster) +
         ". The faster of both is faster than the fused kernel would be\n\n- where R stays on the "
         "chip at " +
         resident.text() + ";\n- where R is streamed, for B up to 8, at " + few_rows.text() +
         ", for larger B at " + many_rows.text() + ".\n\n";
}

/// The sizes for which there is an aim, on an H200, inference.
std::string aims(const std::vector<Row>& rows) {
  struct Aim {
    const char* type;
    std::int64_t B, H;
    double us;
  };
  std::string text = "| aim | us a step | planned | measured |\n|---|--:|--:|---|\n";
  for (const Aim& aim : {Aim{"bf16", 16, 768, 1.0},
                         {"f16", 16, 768, 1.0},
                         {"bf16", 16, 64, 0.4},
                         {"bf16", 32, 1024, 1.3},
                         {"bf16", 1, 256, 0.6}}) {
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& each) {
      return each.shape.cell == "lstm" && precision_name(each.shape) == aim.type &&
             each.shape.B == aim.B && each.shape.H == aim.H;
    });
    EXPECT_NE(row, rows.end()) << aim.H;
    if (row != rows.end())
      text += "| lstm " + std::string(aim.type) + " B" + std::to_string(aim.B) + " H" +
              std::to_string(aim.H) + " | " + us_text(aim.us) + " | " +
              us_text(row->forward.choice.step_us) + " | not measured |\n";
  }
  return text + "\n";
}

std::string page() {
  std::vector<Row> rows;
  std::set<std::string> names;
  const auto name = [](const bench::Shape& shape) {
    return "| " + shape.cell + " | " + std::string(precision_name(shape)) + " | " +
           std::to_string(shape.B) + " | " + std::to_string(shape.H);
  };
  for (const char* const list :
       {"gpu", "persistent", "sequence-length", "flashrnn", "deepbench-inference",
        "deepbench-training", "small-hidden", "structure", "streaming", "grid"})
    for (const bench::Shape& shape :
         bench::read_shapes(TAKT_SOURCE_DIR "/bench/shapes/" + std::string(list) + ".txt"))
      if (shape.type != DataType::f64 && names.insert(name(shape)).second) rows.emplace_back(shape);
  std::string text = head + aims(rows) + summary(rows) +
                     "| cell | type | B | H | forward | R streamed | us a step | backward | R^T "
                     "streamed | us a step | steps | fused |\n"
                     "|---|---|--:|--:|---|--:|--:|---|--:|--:|--:|--:|\n";
  for (const Row& row : rows)
    text += name(row.shape) + cells_of(row.forward, row.shape.B) +
            cells_of(row.backward, row.shape.B) + " | " + us_text(row.steps_us) + " | " +
            us_text(row.fused_us) + " |\n";
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
