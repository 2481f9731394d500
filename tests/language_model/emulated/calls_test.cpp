// What the GPU is asked for, step by step and byte by byte, and what is said where it fails.
#include <functional>
#include <new>
#include <set>
#include <string>

#include <cublasLt.h>
#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include "language_model/checkpoint.hpp"
#include "language_model/failure.hpp"
#include "language_model/small_models.hpp"
#include "language_model/writer.hpp"
#include "simt/simt.hpp"
#include "tool_run.hpp"

namespace language_model::test {
namespace {

using simt::Call;
using Names = std::set<std::string>;

const ModelSizes sizes{.cell = "gru", .embedding = 3, .hidden = 4, .layers = 1};
const TrainingOptions options{.steps = 40, .window = 1, .streams = 1, .dropout = 0.3, .seed = 3};

/// How many calls of each kind `work` makes.
struct Calls {
  explicit Calls(const std::function<void()>& work) {
    for (const Call kind : kinds) simt::fail_at(kind, -1, 0);
    work();
    launches = simt::calls_made(Call::launch);
    products = simt::calls_made(Call::product);
    graphs = simt::calls_made(Call::graph);
    copies = simt::calls_made(Call::copy);
    allocations = simt::calls_made(Call::allocate);
  }
  static constexpr Call kinds[] = {Call::launch, Call::product, Call::graph, Call::copy,
                                   Call::allocate};
  int launches, products, graphs, copies, allocations;
};

TEST(LanguageModelCalls, AStepIsItsNumbersAndAGraph) {
  const auto on = operations_on(takt::Device::cuda());
  Trainer trainer(sizes, options, text_of(rhyme), *on);
  for (int n = 0; n < 6; ++n) trainer.step();
  const auto ran_before = simt::counters().launches;
  const Calls calls([&] { trainer.step(); });
  EXPECT_EQ(calls.launches, 1);
  EXPECT_EQ(calls.graphs, 1);
  EXPECT_EQ(calls.products + calls.copies + calls.allocations, 0);
  EXPECT_EQ(simt::counters().launches, ran_before) << "it waited";
}

TEST(LanguageModelCalls, AByteIsADrawACopyAndAGraph) {
  const auto on = operations_on(takt::Device::cuda());
  Parameters parameters(sizes, on->device());
  initialise(parameters, {.seed = 4}, *on);
  Writer writer(parameters, *on);
  for (int n = 0; n < 6; ++n) (void)writer.write({});
  const Calls calls([&] { (void)writer.write({}); });
  EXPECT_EQ(calls.launches, 1);
  EXPECT_EQ(calls.copies, 1);
  EXPECT_EQ(calls.graphs, 1);
  EXPECT_EQ(calls.products + calls.allocations, 0);
}

TEST(LanguageModelCalls, ATurnSavesWhereItIsAndReadsNothingOfTheModel) {
  const takt::test::Folder folder;
  const auto on = operations_on(takt::Device::cuda());
  Parameters parameters(sizes, on->device());
  initialise(parameters, {.seed = 4}, *on);
  const Writer writer(parameters, *on);
  const std::uint64_t mark = mark_of(parameters, *on);
  const Calls calls([&] { save_conversation(folder / "talk", writer, mark, *on); });
  EXPECT_EQ(calls.copies, 2) << "h and the logits";
}

/// A short training, and bytes from what it learnt, until both have run as graphs.
Text program() {
  const auto on = operations_on(takt::Device::cuda());
  Trainer trainer(sizes, options, text_of(rhyme), *on);
  for (int n = 0; n < 6; ++n) trainer.step();
  (void)trainer.training_bits_per_byte();
  Writer writer(trainer.state().average, *on);
  Text text;
  for (int n = 0; n < 6; ++n) text.push_back(writer.write({.temperature = 1}));
  return text;
}

/// A kind of call that fails.
struct Fault {
  const char* name;
  Call kind;
  int code;
  const char* code_name;
  Names calls;  ///< of the kind that the example makes, as its messages name them

  friend std::ostream& operator<<(std::ostream& out, const Fault& fault) {
    return out << fault.name;
  }
};

const Fault faults[] = {
    {"allocate", Call::allocate, cudaErrorMemoryAllocation, "cudaErrorMemoryAllocation", {}},
    {"allocate_otherwise", Call::allocate, cudaErrorUnknown, "cudaErrorUnknown", {"cudaMalloc"}},
    {"launch",
     Call::launch,
     cudaErrorLaunchOutOfResources,
     "cudaErrorLaunchOutOfResources",
     {"set_numbers_kernel", "read_streams_kernel", "embed_kernel", "dropout_mask_kernel",
      "multiply_kernel", "add_bias_kernel", "cross_entropy_kernel", "add_partials_kernel",
      "column_sums_kernel", "embed_gradient_kernel", "squares_kernel", "norm_kernel", "adam_kernel",
      "sample_kernel"}},
    {"copy",
     Call::copy,
     cudaErrorUnknown,
     "cudaErrorUnknown",
     {"cudaMemcpyAsync", "cudaMemsetAsync"}},
    {"product",
     Call::product,
     CUBLAS_STATUS_EXECUTION_FAILED,
     "CUBLAS_STATUS_EXECUTION_FAILED",
     {"cublasLtMatmul"}},
    {"stream", Call::stream, cudaErrorUnknown, "cudaErrorUnknown", {}},
    {"event",
     Call::event,
     cudaErrorUnknown,
     "cudaErrorUnknown",
     {"cudaEventCreate", "cudaEventRecord"}},
    {"graph",
     Call::graph,
     cudaErrorUnknown,
     "cudaErrorUnknown",
     {"cudaGraphInstantiate", "cudaGraphLaunch"}},
    {"library",
     Call::library,
     CUBLAS_STATUS_ALLOC_FAILED,
     "CUBLAS_STATUS_ALLOC_FAILED",
     {"cublasLtCreate", "cublasLtMatmulAlgoGetHeuristic"}},
};

#ifdef __SANITIZE_ADDRESS__
constexpr int stride = 7;  // between calls that fail: programs take their time there
#else
constexpr int stride = 1;
#endif

class LanguageModelFault : public testing::TestWithParam<Fault> {
 protected:
  const Text expected_ = program();
  /// What the example's messages named so far.
  Names named_;

  void expect_message(const std::string& message) {
    const std::string end = std::string(" (") + GetParam().code_name + ")";
    const std::size_t call = message.find(" (");
    const std::size_t place = message.find("): ");
    ASSERT_TRUE(message.ends_with(end) && place != std::string::npos) << message;
    const std::string file = message.substr(call + 2, message.find(':', call) - call - 2);
    EXPECT_TRUE(file.ends_with(".cpp") || file.ends_with(".cuh")) << message;
    named_.insert(message.substr(0, call));
  }

  /// The k-th call of a program's life fails, its end included. False where there are not so many.
  bool life(int k) {
    simt::fail_at(GetParam().kind, k, GetParam().code);
    bool failed = true;
    try {
      EXPECT_EQ(program(), expected_);
      failed = false;
    } catch (const Failure& failure) {
      expect_message(failure.what());
    } catch (const takt::DeviceError&) {  // takt's own calls
    } catch (const std::bad_alloc&) {
      EXPECT_EQ(GetParam().code, static_cast<int>(cudaErrorMemoryAllocation));
    }
    const bool came = simt::calls_made(GetParam().kind) > k;
    EXPECT_TRUE(!failed || came);
    EXPECT_EQ(cudaGetLastError(), cudaSuccess) << "left for whoever asks next";
    for (const simt::Report& report : simt::take_reports()) ADD_FAILURE() << report.text;
    EXPECT_EQ(simt::reset_device(), "") << "left on the device";
    return came;
  }
};
INSTANTIATE_TEST_SUITE_P(Calls, LanguageModelFault, testing::ValuesIn(faults),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(LanguageModelFault, IsSaidAndLeavesNothingBehind) {
  for (int k = 0; !HasFailure(); k += stride) {
    SCOPED_TRACE(k);
    if (!life(k)) break;
  }
  if (stride == 1) {
    EXPECT_EQ(named_, GetParam().calls);
  }
}

}  // namespace
}  // namespace language_model::test
