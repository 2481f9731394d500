// docs/planner.md against the planner.
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "cuda/model.hpp"
#include "say.hpp"

namespace takt {
namespace {

TEST(PlannerPage, HasThePlannersGuesses) {
  std::ifstream file(TAKT_SOURCE_DIR "/docs/planner.md");
  const std::string page{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const cuda::ModelConstants& guess = cuda::guessed_model().constants;
  const auto has = [&](const std::string& row) {
    EXPECT_NE(page.find("| " + row + " |"), std::string::npos) << row;
  };
  const auto line = [](const cuda::ExchangeModel& exchange) {
    return number(exchange.us_of_none) + ", " + number(exchange.us_per_kib);
  };
  has("clock | MHz | " + number(guess.clock_mhz));
  has("a kernel of a graph | us | " + number(guess.kernel_us));
  has("a function of a gate | cycles | " + number(guess.function_cycles));
  has("shared memory | B/cycle of a multiprocessor | " + number(guess.shared_bytes));
  has("L2 | GB/s | " + number(guess.l2_gb_per_s));
  has("memory | GB/s | " + number(guess.memory_gb_per_s));
  has("products in f16 | TFLOP/s | " + number(guess.f16_tflop_per_s));
  has("products in bf16 | TFLOP/s | " + number(guess.bf16_tflop_per_s));
  has("products in tf32 | TFLOP/s | " + number(guess.tf32_tflop_per_s));
  has("exchange in a grid | us, us/KiB | " + line(guess.grid));
  std::string at_once;
  for (const cuda::ClusterModel& cluster : guess.clusters) {
    has("exchange in a cluster, each of 2, 4, 8, 16 blocks | us, us/KiB | " +
        line(cluster.exchange));
    at_once += (at_once.empty() ? "" : ", ") + number(cluster.at_once);
  }
  has("clusters of 2, 4, 8, 16 blocks at a time | | " + at_once);
}

}  // namespace
}  // namespace takt
