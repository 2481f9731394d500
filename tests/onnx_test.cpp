// The node tests of ONNX's recurrent operators against the reference and the cpu plan.
//
// They are weak. Those that a cell here can run have, but for one, T = 1, no initial states and
// weights that are all alike within a tensor: they see neither R, nor the order of gates, nor a
// transposition. That one, an RNN of 2 steps, sees R and the biases through an output that is
// nearly saturated. And all their GRUs reset before the product. What they hold is the arithmetic
// of a step, the operators' defaults, and the layouts of X, Y and the states; gate order and
// recurrence are held by onednn_test.cpp.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <takt/error.hpp>
#include <takt/reference.hpp>

#include "dialects.hpp"
#include "onnx_files.hpp"
#include "onnx_reader.hpp"
#include "reference_layer.hpp"
#include "run_plan.hpp"

namespace takt::onnx {
namespace {

using reference_test::Layer;
using reference_test::Values;

/// Why a node test is not run.
struct NotRun : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Largest |y - expected| of outputs that are at most 1. The expected values are in f32: sums of
/// I + H products and two biases, each rounded to half an ulp of a sum of a few units, in T steps.
double tolerance(const Layer& layer) {
  return std::numeric_limits<float>::epsilon() * static_cast<double>(layer.T) *
         std::sqrt(static_cast<double>(layer.I + layer.H + 2));
}

/// A node with its inputs and expected outputs by name.
struct NodeTest {
  Node node;
  std::map<std::string, Tensor> tensors;

  NodeTest(const std::filesystem::path& folder, const std::filesystem::path& data) {
    const Graph graph = read_model(read_file((folder / "model.onnx").string()));
    if (graph.nodes.size() != 1) throw NotRun("the graph has more than one node");
    node = graph.nodes[0];
    for (const Tensor& tensor : graph.initializers) tensors[tensor.name] = tensor;
    read_tensors(data, "input_", graph.inputs);
    read_tensors(data, "output_", graph.outputs);
  }

  const Attribute* attribute(const char* name) const {
    const auto found = node.attributes.find(name);
    return found == node.attributes.end() ? nullptr : &found->second;
  }
  std::int64_t integer(const char* name, std::int64_t otherwise) const {
    const Attribute* found = attribute(name);
    return found == nullptr ? otherwise : found->i;
  }

  /// Null where the node leaves it out.
  const Tensor* input(std::size_t n) const { return tensor(node.inputs, n); }
  const Tensor* output(std::size_t n) const { return tensor(node.outputs, n); }

 private:
  void read_tensors(const std::filesystem::path& data, const std::string& start,
                    const std::vector<std::string>& names) {
    for (std::size_t n = 0; n < names.size(); ++n)
      tensors[names[n]] =
          read_tensor(read_file((data / (start + std::to_string(n) + ".pb")).string()));
  }

  const Tensor* tensor(const std::vector<std::string>& names, std::size_t n) const {
    return n < names.size() && !names[n].empty() ? &tensors.at(names[n]) : nullptr;
  }
};

/// The operator with what decides its maths, in the words of the table of dialects.
std::string form_of(const NodeTest& test) {
  for (const char* name : {"clip", "activation_alpha", "activation_beta"}) {
    if (test.attribute(name) != nullptr) throw NotRun(std::string("takt has no ") + name + " yet");
  }
  const Attribute* activations = test.attribute("activations");
  std::string form = test.node.op_type;
  if (form == "RNN") return form + " " + (activations ? activations->strings.at(0) : "Tanh");
  if (form == "GRU")
    form += " linear_before_reset=" + std::to_string(test.integer("linear_before_reset", 0));
  if (form == "LSTM" && test.input(7) != nullptr) form += " peepholes";
  if (test.integer("input_forget", 0) != 0) form += " input_forget=1";
  if (activations != nullptr) form += " with activations given";
  return form;
}

const Dialect& dialect_of(const NodeTest& test) {
  try {
    return find_form("onnx", form_of(test));
  } catch (const ArgumentError& error) {
    throw NotRun(error.what());
  }
}

void expect_dims(const char* name, const Tensor* tensor, const std::vector<std::int64_t>& dims) {
  if (tensor == nullptr) return;
  EXPECT_EQ(tensor->dims, dims) << name;
}

Layout layout_of(const NodeTest& test) {
  return test.integer("layout", 0) == 0 ? Layout::time_major : Layout::batch_major;
}

/// An array [outer,inner,width] as [inner,outer,width].
Values swapped(const Values& from, std::int64_t outer, std::int64_t inner, std::int64_t width) {
  Values to(from.size());
  for (std::int64_t n = 0; n < static_cast<std::int64_t>(from.size()); ++n) {
    const std::int64_t k = n % width, column = n / width % inner, row = n / width / inner;
    to[static_cast<std::size_t>((column * outer + row) * width + k)] =
        from[static_cast<std::size_t>(n)];
  }
  return to;
}

/// The layer that the node is, x in the order of the file.
Layer layer_of(const NodeTest& test) {
  const Dialect& dialect = dialect_of(test);
  const Attribute* direction = test.attribute("direction");
  if (direction != nullptr && direction->s == "bidirectional")
    throw NotRun("this test runs one direction only");
  const auto sizes =
      std::ranges::find(reference::cells(), dialect.cell, &reference::CellSizes::name);
  const bool time_major = layout_of(test) == Layout::time_major;
  const Tensor& x = *test.input(0);
  if (x.dims.size() != 3) throw ReadError("X has not 3 dimensions");
  Layer layer(*sizes, x.dims[time_major ? 0 : 1], x.dims[time_major ? 1 : 0], x.dims[2],
              test.integer("hidden_size", 0));
  const auto [G, B, I, H] = std::tuple(layer.G, layer.B, layer.I, layer.H);
  const std::vector<std::int64_t> state =
      time_major ? std::vector{std::int64_t{1}, B, H} : std::vector{B, std::int64_t{1}, H};
  expect_dims("W", test.input(1), {1, G * H, I});
  expect_dims("R", test.input(2), {1, G * H, H});
  expect_dims("B", test.input(3), {1, 2 * G * H});
  expect_dims("sequence_lens", test.input(4), {B});
  expect_dims("initial_h", test.input(5), state);
  expect_dims("initial_c", test.input(6), state);

  const auto values = [&](std::size_t n) {
    return test.input(n) == nullptr ? Values() : test.input(n)->values;
  };
  layer.reverse = direction != nullptr && direction->s == "reverse";
  layer.x = x.values;
  const PlainWeights<double> weights =
      from_dialect<double>(dialect, I, H, {values(1), values(2), values(3)});
  layer.W = weights.W;
  layer.R = weights.R;
  layer.bW = weights.bW;
  layer.bR = weights.bR;
  const Values lengths = values(4);
  for (const double length : lengths) layer.lengths.push_back(static_cast<std::int32_t>(length));
  layer.h0 = values(5);
  layer.c0 = values(6);
  return layer;
}

/// Holds the outputs of a run, y in the order of the file, against the expected ones; returns how
/// many of them the node has.
int expect_outputs(const NodeTest& test, const Layer& layer, const reference::Result& result,
                   const std::string& who) {
  const auto [T, B, H] = std::tuple(layer.T, layer.B, layer.H);
  const bool time_major = layout_of(test) == Layout::time_major;
  using Dims = std::vector<std::int64_t>;
  expect_dims("Y", test.output(0), time_major ? Dims{T, 1, B, H} : Dims{B, T, 1, H});
  for (const std::size_t n : {1u, 2u})
    expect_dims("Y_h, Y_c", test.output(n), time_major ? Dims{1, B, H} : Dims{B, 1, H});

  const Values* const results[] = {&result.y, &result.hT, &result.cT};
  int outputs = 0;
  double worst = 0;
  for (std::size_t n = 0; n < std::size(results); ++n) {
    if (test.output(n) == nullptr) continue;
    ++outputs;
    const Values& expected = test.output(n)->values;
    EXPECT_EQ(results[n]->size(), expected.size()) << test.node.outputs[n];
    for (std::size_t at = 0; at < std::min(expected.size(), results[n]->size()); ++at) {
      EXPECT_NEAR((*results[n])[at], expected[at], tolerance(layer))
          << who << ": " << test.node.outputs[n] << "[" << at << "]";
      worst = std::max(worst, std::fabs((*results[n])[at] - expected[at]));
    }
  }
  ::testing::Test::RecordProperty(who + "_error_over_tolerance",
                                  std::to_string(worst / tolerance(layer)));
  return outputs;
}

void run(const NodeTest& test) {
  const Layer layer = layer_of(test);
  const Layout layout = layout_of(test);
  const bool time_major = layout == Layout::time_major;
  Layer in_time = layer;
  if (!time_major) in_time.x = swapped(layer.x, layer.B, layer.T, layer.I);
  reference::Result result = reference::forward(in_time.problem());
  if (!time_major) result.y = swapped(result.y, layer.T, layer.B, layer.H);
  EXPECT_GT(expect_outputs(test, layer, result, "reference"), 0);

  using reference_test::run_plan;
  expect_outputs(test, layer, run_plan<double>(layer, nullptr, Bias::both, layout).result,
                 "plan_f64");
  expect_outputs(test, layer, run_plan<float>(layer, nullptr, Bias::both, layout).result,
                 "plan_f32");
}

std::vector<std::filesystem::path> data_sets(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> sets;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().filename().string().starts_with("test_data_set_"))
      sets.push_back(entry.path());
  return sets;
}

class OnnxNodes : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(OnnxNodes, Agree) {
  const auto sets = data_sets(GetParam());
  ASSERT_FALSE(sets.empty());
  for (const auto& data : sets) {
    SCOPED_TRACE(data.string());
    try {
      run(NodeTest(GetParam(), data));
    } catch (const NotRun& reason) {
      GTEST_SKIP() << reason.what();
    }
  }
}

std::string name_of(const ::testing::TestParamInfo<std::filesystem::path>& info) {
  return info.param.filename().string().substr(std::string("test_").size());
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(OnnxNodes);
INSTANTIATE_TEST_SUITE_P(Package, OnnxNodes, ::testing::ValuesIn(recurrent_node_tests()), name_of);

/// All node tests are found, and no more of them are left out than have no cell here.
TEST(OnnxNodesFound, NodeTests) {
  if (node_tests().empty())
    GTEST_SKIP() << "the Debian package " << package
                 << " is not installed, and TAKT_ONNX_DATA is not set";
  std::map<std::string, int> run_of;
  int found = 0;
  for (const auto& folder : recurrent_node_tests()) {
    ++found;
    try {
      const NodeTest test(folder, data_sets(folder).at(0));
      ++run_of[std::string(dialect_of(test).form)];
    } catch (const NotRun&) {
    }
  }
  EXPECT_GE(found, 12);
  EXPECT_GE(run_of["RNN Tanh"], 4);
  EXPECT_GE(run_of["LSTM"], 3);
}

}  // namespace
}  // namespace takt::onnx
