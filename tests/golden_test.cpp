// The reference against outside values: gradients by JAX, see golden/README.md.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <takt/reference.hpp>

#include "reference_layer.hpp"

namespace takt::reference_test {
namespace {

using Json = nlohmann::json;

const Json& golden_gradients() {
  static const Json file = [] {
    std::ifstream stream(std::string(TAKT_TEST_DATA_DIR) + "/golden/gradients.json");
    return Json::parse(stream);
  }();
  return file;
}

Layer read_layer(const Json& golden, const reference::CellSizes& sizes) {
  Layer layer(sizes, golden.at("T"), golden.at("B"), golden.at("I"), golden.at("H"));
  layer.reverse = golden.at("reverse");
  layer.lengths = golden.at("lengths").get<std::vector<std::int32_t>>();
  layer.resets = golden.at("resets").get<std::vector<std::uint8_t>>();
  const Json& inputs = golden.at("inputs");
  inputs.at("x").get_to(layer.x);
  inputs.at("h0").get_to(layer.h0);
  inputs.at("c0").get_to(layer.c0);
  inputs.at("W").get_to(layer.W);
  inputs.at("R").get_to(layer.R);
  inputs.at("bW").get_to(layer.bW);
  inputs.at("bR").get_to(layer.bR);
  fill_padding(layer, layer.I, nan_value, layer.x);
  return layer;
}

LayerUpstream read_upstream(const Json& golden, const Layer& layer) {
  LayerUpstream upstream;
  golden.at("dy").get_to(upstream.dy);
  golden.at("dhT").get_to(upstream.dhT);
  golden.at("dcT").get_to(upstream.dcT);
  golden.at("dc_all").get_to(upstream.dc_all);
  fill_padding(layer, nan_value, upstream);
  return upstream;
}

/// Both sides sum in double in different orders. The longest chain of an element, a weight
/// gradient, adds T * B = 24 terms, each at the end of T steps of some ten roundings: at most about
/// 100 roundings of the array's largest element, of which most cancel.
constexpr double tolerance = 32 * std::numeric_limits<double>::epsilon();

void expect_golden(const Json& golden, std::string_view name, const Values& got) {
  const Values want = golden.at(name).get<Values>();
  ASSERT_EQ(got.size(), want.size()) << name;
  double scale = 0;
  for (const double value : want) scale = std::max(scale, std::fabs(value));
  for (std::size_t n = 0; n < want.size(); ++n) {
    EXPECT_NEAR(got[n], want[n], tolerance * scale) << name << "[" << n << "]";
  }
  if (!want.empty()) {
    EXPECT_GT(scale, 0.1) << name << ": golden values too small to prove anything";
  }
}

TEST(GoldenGradients, ReferenceAgreesWithJax) {
  std::set<std::string> proven;
  for (const Json& golden : golden_gradients().at("cases")) {
    SCOPED_TRACE(golden.at("name").get<std::string>());
    const auto& cells = reference::cells();
    const auto sizes = std::find_if(cells.begin(), cells.end(), [&](const auto& cell) {
      return cell.name == golden.at("cell").get<std::string>();
    });
    ASSERT_NE(sizes, cells.end());
    proven.emplace(sizes->name);
    const Layer layer = read_layer(golden, *sizes);
    const LayerUpstream upstream = read_upstream(golden.at("upstream"), layer);

    const reference::Result result = reference::forward(layer.problem());
    const Json& outputs = golden.at("outputs");
    expect_golden(outputs, "y", result.y);
    expect_golden(outputs, "hT", result.hT);
    expect_golden(outputs, "cT", result.cT);
    expect_golden(outputs, "c_all", result.c_all);

    const reference::Gradients gradients =
        reference::backward(layer.problem(), upstream.pointers());
    const Json& derivatives = golden.at("gradients");
    expect_golden(derivatives, "dx", gradients.dx);
    expect_golden(derivatives, "dh0", gradients.dh0);
    expect_golden(derivatives, "dc0", gradients.dc0);
    expect_golden(derivatives, "dW", gradients.dW);
    expect_golden(derivatives, "dR", gradients.dR);
    expect_golden(derivatives, "dbW", gradients.dbW);
    expect_golden(derivatives, "dbR", gradients.dbR);
  }
  for (const reference::CellSizes& cell : reference::cells()) {
    EXPECT_TRUE(proven.contains(std::string(cell.name))) << cell.name << " has no golden values";
  }
}

TEST(GoldenGradients, ComparisonCanFail) {
  const Json golden{{"y", {1.0, -2.0}}};
  expect_golden(golden, "y", {1.0, -2.0});
  EXPECT_NONFATAL_FAILURE(expect_golden(golden, "y", {1.0, -2.0 + 1e-13}), "y[1]");
}

}  // namespace
}  // namespace takt::reference_test
