// Every kernel of takt by family.
#include "tool/kernel_families.hpp"

#include <utility>

#include <takt/cells.hpp>

namespace takt::tool {
namespace {

/// Of tests/gpu that run calls in every type but tf32, forward and backward.
const char* const contract_of_types =
    "GraphsOfCallsGiveTheSameBits|NothingIsReadThatACallHasNotWritten|"
    "NothingIsWrittenAroundResultsAndMemory";
/// Of tests/gpu that run calls in f32.
const char* const contract_of_f32 = "HostThreadsShareAPlan|DefaultStreamsAreStreamsLikeOthers";
std::string one_of(const std::string& words) {
  return "(" + words + ")";
}

/// Which tests reach a kernel, beside those of DeviceAgainstReference and of CudaContract, which go
/// every way.
struct Reach {
  const char* bits = nullptr;  ///< of DeviceBits
  bool narrow = false;         ///< DeviceNarrow
  bool precomputed = false;    ///< DevicePrecomputed, DevicePrecomputedChunks
};
constexpr Reach forward{.bits = ".*", .narrow = true, .precomputed = true};
constexpr Reach without_product{.precomputed = true};
constexpr Reach backward{
    .bits = "AgainIsTheSame|LengthsOfTStandForNone|GradientsDoNotDependOnWhatElseIsAsked"};
/// Where rows have lengths.
constexpr Reach ragged_forward{.bits = "LengthsOfTStandForNone|FillIsWhatPaddingHolds"};
constexpr Reach ragged_backward{.bits = "LengthsOfTStandForNone"};

/// Tests of tests/devices and tests/gpu that run a cell in the types of these words; ".*" for all.
std::string tests_of(const std::string& cell, const std::string& types, Reach reach) {
  const std::string instance = "/" + cell + "_" + one_of(types) + "_cuda";
  const bool all = types == ".*", f32 = all || types.starts_with("f32"), tf32 = types == "tf32";
  std::string tests = "Devices/DeviceAgainstReference\\..*" + instance;
  if (reach.bits != nullptr) tests += "|Devices/DeviceBits\\." + one_of(reach.bits) + instance;
  if (reach.narrow) tests += "|Devices/DeviceNarrow\\..*" + instance;
  if (reach.precomputed) tests += "|Devices/DevicePrecomputed(Chunks)?\\..*" + instance;
  if (!tf32 && reach.bits != nullptr)
    tests += "|Cells/CudaContract\\." +
             one_of(contract_of_types + (f32 ? std::string("|") + contract_of_f32 : "")) + "/" +
             cell;
  return tests;
}

/// Gates are compiled by cell and type; products in tf32 have gates in f32.
std::vector<KernelRow> gate_rows(const std::string& kernel, Reach reach) {
  const std::pair<const char*, const char*> types[] = {
      {"f32", "f32|tf32"}, {"f64", "f64"}, {"f16", "f16"}, {"bf16", "bf16"}};
  std::vector<KernelRow> rows;
  for (const CellInfo& cell : known_cells())
    for (const auto& [type, words] : types)
      rows.push_back(
          {kernel, std::string(cell.name), type, tests_of(std::string(cell.name), words, reach)});
  return rows;
}

/// Tests whose plans take a persistent form by name.
std::string persistent_tests(const std::string& cell, const std::string& type,
                             const std::string& bits = ".*") {
  const std::string tests = "Devices/Device((AgainstReference|LargeLayers)\\..*|Bits\\." +
                            one_of(bits) + ")/" + cell + "_" + type + "_cuda_(block|cluster|grid)";
  if (type == "tf32") return tests;
  return tests + "|Cells/CudaContract\\." + one_of(contract_of_types) + "/" + cell;
}

KernelFamily persistent(const std::string& pass, const std::string& file, const std::string& bits) {
  const std::string kernel = "persistent_" + pass + "_kernel";
  KernelFamily family{.name = "persistent " + pass, .files = {file}, .kernels = {kernel}};
  for (const CellInfo& cell : known_cells())
    for (const char* const type : {"f32", "tf32", "f16", "bf16"})
      family.rows.push_back({kernel, std::string(cell.name), type,
                             persistent_tests(std::string(cell.name), type, bits)});
  return family;
}

KernelFamily beside_persistent() {
  KernelFamily family{
      .name = "beside persistent kernels",
      .files = {"kernels/pack_fragments.cuh", "kernels/order.cuh", "kernels/padding.cuh"}};
  const std::string ragged = "LengthsOfTStandForNone|FillIsWhatPaddingHolds";
  const std::pair<const char*, std::string> kernels[] = {{"pack_fragments_kernel", ".*"},
                                                         {"order_rows_kernel", ragged},
                                                         {"fill_padding_kernel", ragged}};
  for (const auto& [kernel, bits] : kernels) {
    family.kernels.push_back(kernel);
    family.rows.push_back({kernel, "all", "all", persistent_tests(".*", ".*", bits)});
  }
  return family;
}

KernelFamily family_of_all(const std::string& name, const std::vector<std::string>& files,
                           const std::vector<std::pair<std::string, Reach>>& kernels) {
  KernelFamily family{.name = name, .files = files};
  for (const auto& [kernel, reach] : kernels) {
    family.kernels.push_back(kernel);
    family.rows.push_back({kernel, "all", "all", tests_of(".*", ".*", reach)});
  }
  return family;
}

KernelFamily products() {
  KernelFamily family{.name = "products through cuBLASLt", .files = {"src/cuda/product.cpp"}};
  for (const std::string type : {"f32", "tf32", "f64", "f16", "bf16"})
    family.rows.push_back({"cublasLtMatmul", "all", type, tests_of(".*", type, forward)});
  return family;
}

/// Of takt_conformance, case by case, or the whole of it, as compute-sanitizer watches it.
std::string conformance(const std::string& cases) {
  return "Conformance(\\." + one_of(cases) + ")?";
}

KernelFamily wrappers() {
  const std::string flags = "flag bits.*|store_.*|add_.*";
  const std::pair<const char*, std::string> files[] = {
      {"address", "ldmatrix.*|cp_async.*"},
      {"bulk_copy", "bulk_copy.*"},
      {"clock", "clock.*"},
      {"cluster", "cluster_.*|load and store in a cluster.*"},
      {"cp_async", "cp_async.*"},
      {"fast_math", "tanh_approx|exp2_approx"},
      {"flag", flags},
      {"grid_dependency", "grid_dependency.*"},
      {"ldmatrix", "ldmatrix.*"},
      {"mbarrier", "mbarrier.*"},
      {"mma", "mma.*|to_tf32|ldmatrix before mma"},
      {"named_barrier", "named_barrier.*"},
      {"scope", flags},
      {"st_async", ".*st_async.*|mbarrier_expect_tx"}};
  KernelFamily family{.name = "wrappers of PTX"};
  for (const auto& [file, cases] : files) {
    family.files.push_back("kernels/ptx/" + std::string(file) + ".cuh");
    family.rows.push_back({"ptx/" + std::string(file), "-", "-", conformance(cases)});
  }
  return family;
}

}  // namespace

std::vector<KernelFamily> kernel_families() {
  return {
      {"forward gates of a step",
       {"kernels/step.cuh"},
       {"step_forward_kernel"},
       gate_rows("step_forward_kernel", forward)},
      {"backward gates of a step",
       {"kernels/step_backward.cuh"},
       {"step_backward_kernel"},
       gate_rows("step_backward_kernel", backward)},
      persistent("forward", "kernels/persistent.cuh", ".*"),
      persistent("backward", "kernels/persistent_backward.cuh", backward.bits),
      beside_persistent(),
      family_of_all("rows gathered and scattered", {"kernels/rows.cuh"},
                    {{"gather_rows_kernel", ragged_forward},
                     {"widen_rows_kernel", without_product},
                     {"gather_seen_kernel", backward},
                     {"scatter_rows_kernel", ragged_backward}}),
      family_of_all("prepare", {"kernels/prepare.cuh", "kernels/initial_gradients.cuh"},
                    {{"prepare_rows_kernel", forward},
                     {"initial_states_kernel", forward},
                     {"initial_gradients_kernel", backward}}),
      family_of_all("column sums", {"kernels/column_sums.cuh"}, {{"column_sums_kernel", backward}}),
      family_of_all("conversion of sums", {"kernels/store_sums.cuh"},
                    {{"store_sums_kernel", backward}}),
      products(),
      wrappers()};
}

}  // namespace takt::tool
