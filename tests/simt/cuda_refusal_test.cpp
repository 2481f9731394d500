// Broken calls of a cuda plan: each is refused in its own words before anything is enqueued.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "../call_arrays.hpp"
#include "../refusal_cases.hpp"
#include "simt.hpp"

namespace takt {
namespace {

using refusal_test::expect_refusal;
using refusal_test::resized;
using refusal_test::shifted;

// A valid call of every tensor, to be broken in one place. ----------------------------------------

/// Memory of the device with a pattern in it.
class Block {
 public:
  explicit Block(std::int64_t bytes) : bytes_(static_cast<std::size_t>(bytes)) {
    EXPECT_EQ(cudaMalloc(&data_, bytes_), cudaSuccess);
    EXPECT_EQ(cudaMemset(data_, 0x5a, bytes_), cudaSuccess);
  }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block() { cudaFree(data_); }

  void* data() const { return data_; }
  std::vector<std::byte> content() const {
    std::vector<std::byte> bytes(bytes_);
    EXPECT_EQ(cudaMemcpy(bytes.data(), data_, bytes_, cudaMemcpyDeviceToHost), cudaSuccess);
    return bytes;
  }

 private:
  std::size_t bytes_;
  void* data_ = nullptr;
};

/// What both passes take. Sizes of scratch and saved are in bytes.
struct Arguments {
  Pointer x, h0, c0, lengths, resets, W, R, bW, bR;
  Pointer y, hT, cT, c_all;
  Pointer dy, dhT, dx, dh0, dcT, dc_all, dc0, dW, dR, dbW, dbR;
  Pointer scratch, saved;
  std::map<std::string, std::int64_t> strides;  ///< of rows, by the tensor's name
  Dims dims;
};

struct Tensor {
  const char* name;
  const char* word;  ///< in a sentence
  Pointer Arguments::*member;
};
enum class Pass { forward, backward };

// Of two that overlap, sentences name the later one first.
const std::vector<Tensor> forward_tensors = {{"x", "x", &Arguments::x},
                                             {"h0", "h0", &Arguments::h0},
                                             {"c0", "c0", &Arguments::c0},
                                             {"lengths", "lengths", &Arguments::lengths},
                                             {"resets", "resets", &Arguments::resets},
                                             {"W", "weights[0].W", &Arguments::W},
                                             {"R", "weights[0].R", &Arguments::R},
                                             {"bW", "weights[0].bW", &Arguments::bW},
                                             {"bR", "weights[0].bR", &Arguments::bR},
                                             {"y", "y", &Arguments::y},
                                             {"hT", "hT", &Arguments::hT},
                                             {"cT", "cT", &Arguments::cT},
                                             {"c_all", "c_all", &Arguments::c_all},
                                             {"scratch", "scratch", &Arguments::scratch},
                                             {"saved", "saved", &Arguments::saved}};
constexpr std::size_t first_written_of_forward = 9;
const std::vector<Tensor> backward_tensors = {{"x", "x", &Arguments::x},
                                              {"lengths", "lengths", &Arguments::lengths},
                                              {"resets", "resets", &Arguments::resets},
                                              {"W", "weights[0].W", &Arguments::W},
                                              {"R", "weights[0].R", &Arguments::R},
                                              {"bW", "weights[0].bW", &Arguments::bW},
                                              {"bR", "weights[0].bR", &Arguments::bR},
                                              {"y", "y", &Arguments::y},
                                              {"dy", "dy", &Arguments::dy},
                                              {"dhT", "dhT", &Arguments::dhT},
                                              {"dx", "dx", &Arguments::dx},
                                              {"dh0", "dh0", &Arguments::dh0},
                                              {"dcT", "dcT", &Arguments::dcT},
                                              {"dc_all", "dc_all", &Arguments::dc_all},
                                              {"dc0", "dc0", &Arguments::dc0},
                                              {"dW", "gradients.weights[0].W", &Arguments::dW},
                                              {"dR", "gradients.weights[0].R", &Arguments::dR},
                                              {"dbW", "gradients.weights[0].bW", &Arguments::dbW},
                                              {"dbR", "gradients.weights[0].bR", &Arguments::dbR},
                                              {"scratch", "scratch", &Arguments::scratch},
                                              {"saved", "saved", &Arguments::saved}};

const std::vector<Tensor>& tensors_of(Pass pass) {
  return pass == Pass::forward ? forward_tensors : backward_tensors;
}
std::string to_string(Pass pass) {
  return pass == Pass::forward ? "forward" : "backward";
}
bool is_in(const char* name, std::initializer_list<const char*> names) {
  return std::any_of(names.begin(), names.end(),
                     [&](const char* each) { return std::strcmp(each, name) == 0; });
}
bool is_memory(const Tensor& tensor) {
  return is_in(tensor.name, {"scratch", "saved"});
}
bool is_integer(const Tensor& tensor) {
  return is_in(tensor.name, {"lengths", "resets"});
}
bool is_inner(const Tensor& tensor) {
  return is_in(tensor.name, {"c0", "cT", "c_all", "dcT", "dc_all", "dc0"});
}
bool is_written(Pass pass, const Tensor& tensor) {
  if (pass == Pass::forward) return &tensor >= &forward_tensors[first_written_of_forward];
  return is_memory(tensor) || is_in(tensor.name, {"dx", "dh0", "dc0", "dW", "dR", "dbW", "dbR"});
}

/// A plan of T 5, B 4, I 3, H 6 of an LSTM, so that G*H is 24 and C is 1, and a valid call.
class Program {
 public:
  explicit Program(DataType type = DataType::f32, const Device& device = Device::cuda())
      : device_(device),
        stream(device),
        plan({.cell = "lstm", .input_size = 3, .hidden_size = 6, .type = type}, {5, 4},
             Mode::training, device) {
    for (const Pass pass : {Pass::forward, Pass::backward})
      for (const Tensor& tensor : tensors_of(pass))
        if (!(valid.*tensor.member)) valid.*tensor.member = memory_for(tensor);
  }

  void run(Pass pass, const Arguments& a, StreamRef on) const {
    const Inputs inputs{
        .x = rows<ConstRows>(a, "x", a.x),
        .h0 = a.h0,
        .c0 = a.c0,
        .lengths = {static_cast<const std::int32_t*>(a.lengths.data()), -1, a.lengths.place()},
        .resets = {static_cast<const std::uint8_t*>(a.resets.data()), -1, a.resets.place()},
        .weights = {{.W = a.W, .R = a.R, .bW = a.bW, .bR = a.bR}},
        .dims = a.dims};
    const MemoryView memory{bytes(a.scratch), bytes(a.saved)};
    const Outputs outputs{.y = rows<Rows>(a, "y", a.y),
                          .hT = a.hT,
                          .cT = a.cT,
                          .c_all = rows<Rows>(a, "c_all", a.c_all)};
    if (pass == Pass::forward) return plan.forward(inputs, outputs, memory, on);
    plan.backward(inputs, outputs,
                  {.dy = rows<ConstRows>(a, "dy", a.dy),
                   .dhT = a.dhT,
                   .dcT = a.dcT,
                   .dc_all = rows<ConstRows>(a, "dc_all", a.dc_all)},
                  {.dx = rows<Rows>(a, "dx", a.dx),
                   .dh0 = a.dh0,
                   .dc0 = a.dc0,
                   .weights = {{.W = a.dW, .R = a.dR, .bW = a.dbW, .bR = a.dbR}}},
                  memory, on);
  }

  std::vector<std::vector<std::byte>> content() const {
    std::vector<std::vector<std::byte>> all;
    for (const Block& block : blocks_) all.push_back(block.content());
    return all;
  }

 private:
  template <class RowsType>
  static RowsType rows(const Arguments& a, const char* name, const Pointer& pointer) {
    const auto found = a.strides.find(name);
    return {pointer, found == a.strides.end() ? 0 : found->second};
  }
  static Bytes bytes(const Pointer& p) { return {p.data(), p.size(), p.place()}; }

  /// More than any tensor needs, so that none that is put in another's place reaches a third one.
  Pointer memory_for(const Tensor& tensor) {
    constexpr std::int64_t tensor_bytes = 4096;
    const std::int64_t needed = std::strcmp(tensor.name, "scratch") == 0 ? plan.scratch_bytes()
                                : is_memory(tensor)                      ? plan.saved_bytes()
                                                                         : -1;
    const Block& block = blocks_.emplace_back(needed < 0 ? tensor_bytes : needed);
    return {block.data(), std::nullopt, needed, std::nullopt};
  }

  Device device_;
  std::deque<Block> blocks_;

 public:
  Stream stream;
  Plan plan;
  Arguments valid;
};

/// What has been asked of the device so far.
std::vector<std::int64_t> work() {
  return {simt::counters().launches, simt::calls_made(simt::Call::launch),
          simt::calls_made(simt::Call::copy), simt::calls_made(simt::Call::product)};
}

/// Holds a program's calls against what must not change; its end looks at every byte.
class Refusals {
 public:
  Refusals(const Program& program, Pass pass)
      : program_(program), pass_(pass), before_(program.content()) {}
  Refusals(const Refusals&) = delete;
  Refusals& operator=(const Refusals&) = delete;
  ~Refusals() {
    EXPECT_TRUE(before_ == program_.content())
        << "a refused " << to_string(pass_) << " has written";
  }

  /// `sentence` is what follows "takt: forward: ".
  void expect(const Arguments& broken, const std::string& sentence) const {
    expect(broken, program_.stream, sentence);
  }
  void expect(const Arguments& broken, StreamRef stream, const std::string& sentence) const {
    const auto before = work();
    expect_refusal<ArgumentError>([&] { program_.run(pass_, broken, stream); },
                                  "takt: " + to_string(pass_) + ": " + sentence);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    EXPECT_EQ(before, work()) << "a refused call has enqueued something: " << sentence;
  }

 private:
  const Program& program_;
  Pass pass_;
  std::vector<std::vector<std::byte>> before_;
};

class CudaRefusal : public testing::TestWithParam<Pass> {};
INSTANTIATE_TEST_SUITE_P(Of, CudaRefusal, testing::Values(Pass::forward, Pass::backward),
                         [](const auto& info) { return to_string(info.param); });

// All that follows breaks this one.
TEST_P(CudaRefusal, NotOfTheValidCall) {
  const Program program;
  program.run(Pass::forward, program.valid, program.stream);
  program.run(GetParam(), program.valid, program.stream);
  EXPECT_NO_THROW(program.stream.synchronize());
}

// Memory of the wrong kind. -----------------------------------------------------------------------

/// Host memory in every way in which a program may have it.
class HostMemory {
 public:
  explicit HostMemory(std::int64_t bytes)
      : array_(Device::cpu({.threads = 1}), {bytes / 4}),
        vector_(static_cast<std::size_t>(bytes / 4)) {
    EXPECT_EQ(cudaMallocHost(&pinned_, static_cast<std::size_t>(bytes)), cudaSuccess);
  }
  HostMemory(const HostMemory&) = delete;
  HostMemory& operator=(const HostMemory&) = delete;
  ~HostMemory() { cudaFreeHost(pinned_); }

  std::vector<std::pair<const char*, Pointer>> pointers() {
    const Place device(DeviceKind::cuda, 0);
    return {{"void*", array_.data()},
            {"float*", static_cast<float*>(array_.data())},
            {"a vector", vector_},
            {"an array of the cpu", array_},
            {"pinned memory", pinned_},
            {"memory that is said to be the device's", {array_.data(), std::nullopt, -1, device}}};
  }

 private:
  Array array_;
  std::vector<float> vector_;
  void* pinned_ = nullptr;
};

TEST_P(CudaRefusal, HostMemoryForAnyTensor) {
  const Program program;
  HostMemory host(program.plan.scratch_bytes() + program.plan.saved_bytes());
  const Refusals refused(program, GetParam());
  for (const Tensor& tensor : tensors_of(GetParam()))
    for (const auto& [kind, pointer] : host.pointers()) {
      if (is_memory(tensor) && std::strcmp(kind, "a vector") == 0) continue;  // does not compile
      SCOPED_TRACE(std::string(tensor.name) + ", " + kind);
      Arguments broken = program.valid;
      broken.*tensor.member = is_memory(tensor) ? resized(pointer, -1) : pointer;
      refused.expect(
          broken, "'" + std::string(tensor.word) + "' lies on cpu; this plan's device is cuda:0");
    }
}

TEST_P(CudaRefusal, MemoryOfAnotherGpu) {
  const Program program;
  const Refusals refused(program, GetParam());
  for (const Tensor& tensor : tensors_of(GetParam())) {
    Arguments broken = program.valid;
    const Pointer& pointer = broken.*tensor.member;
    broken.*tensor.member = {pointer.data(), pointer.type(), pointer.size(),
                             Place(DeviceKind::cuda, 1)};
    refused.expect(
        broken, "'" + std::string(tensor.word) + "' lies on cuda:1; this plan's device is cuda:0");
  }
}

TEST_P(CudaRefusal, MemoryOfACpuPlan) {
  const Program program;
  const Device cpu = Device::cpu({.threads = 1});
  Memory memory{Plan(program.plan.spec(), {5, 4}, Mode::training, cpu)};
  const MemoryView view = memory;
  const Refusals refused(program, GetParam());
  Arguments broken = program.valid;
  broken.scratch = {view.scratch.data, std::nullopt, view.scratch.size, view.scratch.place};
  refused.expect(broken, "'scratch' lies on cpu; this plan's device is cuda:0");
}

TEST(CudaRefusalOfPacked, TakesNoPackedWeights) {
  const Device device = Device::cuda();
  const Stream stream(device);
  const RnnSpec spec{.cell = "lstm", .input_size = 3, .hidden_size = 6};
  const Plan plan(spec, {5, 4}, Mode::inference, device);
  EXPECT_EQ(plan.packed_bytes(), 0);
  test::CallArrays arrays(plan, 1);
  Inputs inputs = arrays.inputs();
  const PackedWeights none(plan, arrays.weights, stream);
  inputs.packed = none;
  plan.forward(inputs, arrays.outputs(), arrays.memory, stream);
  stream.synchronize();
  const auto refuse = [&](const ConstBytes& packed, const std::string& sentence) {
    const auto before = work();
    inputs.packed = packed;
    expect_refusal<ArgumentError>(
        [&] { plan.forward(inputs, arrays.outputs(), arrays.memory, stream); }, sentence);
    EXPECT_EQ(before, work());
  };
  refuse(arrays.x.data(),
         "takt: forward: 'packed' is given; it must be null: a GPU reads weights where they lie");
  refuse({nullptr, 64},
         "takt: forward: 'packed' is null with a size of 64 bytes; it must be memory that "
         "Plan::pack wrote, or null without a size (PackedWeights that were moved from hold "
         "nothing)");
}

TEST(CudaBackward, DoesNotLookAtInitialStates) {
  const Program program;
  program.run(Pass::forward, program.valid, program.stream);
  float host[64];
  Arguments arguments = program.valid;
  arguments.h0 = arguments.c0 = host;
  EXPECT_NO_THROW(program.run(Pass::backward, arguments, program.stream));
  program.stream.synchronize();
}

TEST_P(CudaRefusal, StreamOfTheOtherKind) {
  const Program program;
  const Device cpu = Device::cpu({.threads = 1});
  const Stream of_cpu{cpu};
  Refusals(program, GetParam())
      .expect(program.valid, of_cpu, "'stream' is a cpu stream; this plan's device is cuda");

  const Program on_cpu(DataType::f32, cpu);  // is refused before it looks at memory
  const Refusals refused(on_cpu, GetParam());
  const std::string sentence = "'stream' is a cuda stream; this plan's device is cpu";
  refused.expect(on_cpu.valid, program.stream, sentence);
  refused.expect(on_cpu.valid, static_cast<cudaStream_t>(nullptr), sentence);
}

// Memory of the right kind. -----------------------------------------------------------------------

TEST_P(CudaRefusal, MemoryBetweenElements) {
  const Program program, halves(DataType::f16);
  const Refusals refused(program, GetParam()), refused_halves(halves, GetParam());
  for (const Tensor& tensor : tensors_of(GetParam())) {
    if (is_memory(tensor) || std::strcmp(tensor.name, "resets") == 0) continue;
    const auto expect = [&](const Program& of, const Refusals& refusals, std::int64_t bytes,
                            const char* element) {
      Arguments broken = of.valid;
      broken.*tensor.member = shifted(broken.*tensor.member, bytes);
      refusals.expect(broken, "'" + std::string(tensor.word) +
                                  "' is not aligned to its elements of " + element + " bytes");
    };
    expect(program, refused, 1, "4");
    expect(program, refused, 2, "4");
    const bool wide = is_inner(tensor) || is_integer(tensor);
    expect(halves, refused_halves, 1, wide ? "4" : "2");
    if (wide) expect(halves, refused_halves, 2, "4");
  }
}

TEST_P(CudaRefusal, ScratchAndSavedBetweenLines) {
  const Program program;
  const Refusals refused(program, GetParam());
  for (const Tensor& tensor : tensors_of(GetParam()))
    for (const std::int64_t bytes : {1, 16, 64, 128, 255}) {
      if (!is_memory(tensor)) continue;
      Arguments broken = program.valid;
      broken.*tensor.member = shifted(broken.*tensor.member, bytes);
      refused.expect(broken, "'" + std::string(tensor.name) +
                                 "' is not aligned; it must be a multiple of 256 bytes "
                                 "(Plan::alignment)");
    }
}

TEST_P(CudaRefusal, ScratchAndSavedOneByteShort) {
  const Program program;
  const Refusals refused(program, GetParam());
  for (const Tensor& tensor : tensors_of(GetParam())) {
    if (!is_memory(tensor)) continue;
    const std::string name = tensor.name;
    Arguments broken = program.valid;
    const std::int64_t needed = (broken.*tensor.member).size();
    broken.*tensor.member = resized(broken.*tensor.member, needed - 1);
    refused.expect(broken, name + " holds " + std::to_string(needed - 1) +
                               " bytes; this plan needs " + std::to_string(needed) +
                               " (Plan::" + name + "_bytes())");
  }
}

/// Every pair of tensors of which one is written, the smaller one put where the other begins.
TEST_P(CudaRefusal, Overlap) {
  const Program program;
  const Refusals refused(program, GetParam());
  const std::vector<Tensor>& tensors = tensors_of(GetParam());
  for (std::size_t later = 0; later < tensors.size(); ++later)
    for (std::size_t n = 0; n < later; ++n) {
      const Tensor &a = tensors[later], &b = tensors[n];
      if (!is_written(GetParam(), a) && !is_written(GetParam(), b)) continue;
      const bool is_one_state = (is_in(b.name, {"h0"}) && is_in(a.name, {"hT"})) ||
                                (is_in(b.name, {"c0"}) && is_in(a.name, {"cT"}));
      Arguments broken = program.valid;
      const Tensor &moved = is_memory(b) ? a : b, &there = is_memory(b) ? b : a;
      broken.*moved.member =
          shifted(resized(program.valid.*there.member, -1), is_one_state ? 4 : 0);
      refused.expect(broken,
                     "'" + std::string(a.word) + "' overlaps '" + b.word + "'; they must be apart");
    }
}

TEST_P(CudaRefusal, ElementsOfAnotherType) {
  constexpr DataType types[] = {DataType::f32, DataType::f64, DataType::f16, DataType::bf16};
  for (const DataType type : types) {
    const Program program(type);
    const Refusals refused(program, GetParam());
    for (const Tensor& tensor : tensors_of(GetParam()))
      for (const DataType other : types) {
        const DataType right = is_inner(tensor) ? inner_type(type) : type;
        if (other == right || is_memory(tensor) || is_integer(tensor)) continue;
        Arguments broken = program.valid;
        broken.*tensor.member = {(broken.*tensor.member).data(), other, -1, std::nullopt};
        refused.expect(broken, "'" + std::string(tensor.word) + "' holds " +
                                   std::string(to_string(other)) + "; this plan's type " +
                                   (right == type ? "is " : "of inner states is ") +
                                   std::string(to_string(right)));
      }
  }
}

TEST_P(CudaRefusal, RowsThatOverlapThemselves) {
  const Program program;
  const Refusals refused(program, GetParam());
  for (const Tensor& tensor : tensors_of(GetParam())) {
    if (!is_in(tensor.name, {"x", "y", "c_all", "dy", "dx", "dc_all"})) continue;
    const std::int64_t width = is_in(tensor.name, {"x", "dx"}) ? 3 : 6;
    for (const std::int64_t stride : {width - 1, std::int64_t{1}, -width}) {
      Arguments broken = program.valid;
      broken.strides[tensor.name] = stride;
      refused.expect(broken, "'" + std::string(tensor.word) + "' has row_stride " +
                                 std::to_string(stride) + "; it must be at least " +
                                 std::to_string(width) + ", or 0 for dense");
    }
  }
}

TEST_P(CudaRefusal, DimsPastThePlan) {
  const Program program;
  const Refusals refused(program, GetParam());
  const auto expect = [&](Dims dims, const char* sentence) {
    Arguments broken = program.valid;
    broken.dims = dims;
    refused.expect(broken, sentence);
  };
  expect({6, 4}, "'dims.T' is 6; it must be between 0 and the plan's 5, or -1 for that");
  expect({5, 5}, "'dims.B' is 5; it must be between 0 and the plan's 4, or -1 for that");
  expect({-2, 4}, "'dims.T' is -2; it must be between 0 and the plan's 5, or -1 for that");
  expect({5, -2}, "'dims.B' is -2; it must be between 0 and the plan's 4, or -1 for that");
}

}  // namespace
}  // namespace takt
