// The same bits: again, on any number of threads, beside other calls, and in any company of rows.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <takt/takt.hpp>

#include "call_arrays.hpp"
#include "sanitizers.hpp"

namespace takt::test {
namespace {

struct Problem {
  std::string cell;
  DataType type;
  std::int64_t T, B, I, H;
};

void PrintTo(const Problem& problem, std::ostream* stream) {
  *stream << problem.cell << " " << to_string(problem.type) << " H=" << problem.H;
}

RnnSpec spec_of(const Problem& problem) {
  return {.cell = problem.cell,
          .input_size = problem.I,
          .hidden_size = problem.H,
          .type = problem.type};
}

Plan plan_of(const Problem& problem, const Device& device) {
  return {spec_of(problem), {problem.T, problem.B}, Mode::training, device};
}

/// Rows of unequal lengths with resets, or neither.
void make_ragged(CallArrays& arrays) {
  for (std::int64_t b = 0; b < arrays.B; ++b)
    arrays.lengths.push_back(static_cast<std::int32_t>((3 * b + 2) % (arrays.T + 1)));
  for (std::int64_t n = 0; n < arrays.T * arrays.B; ++n)
    arrays.resets.push_back(n % 7 == 3 ? 1 : 0);
}

std::vector<unsigned char> run(const Plan& plan, CallArrays& arrays) {
  arrays.forward(plan);
  arrays.backward(plan);
  return arrays.results();
}

class SameBits : public testing::TestWithParam<Problem> {};

// Threads divide rows where R is small, units where it is large (more than 512 KiB), and both.
const Problem problems[] = {
    {"rnn_tanh", DataType::f32, 9, 7, 5, 33},   {"rnn_relu", DataType::f64, 9, 7, 5, 33},
    {"rnn_tanh", DataType::f32, 5, 3, 17, 400}, {"rnn_relu", DataType::f64, 5, 3, 17, 300},
    {"lstm", DataType::f32, 11, 13, 6, 40},     {"lstm", DataType::f32, 5, 3, 17, 200},
    {"lstm", DataType::f64, 4, 37, 17, 150},    {"gru", DataType::f32, 11, 13, 6, 40},
    {"gru", DataType::f32, 5, 35, 17, 230},     {"gru", DataType::f64, 3, 1, 1, 1},
};

TEST_P(SameBits, Repeated) {
  const Plan plan = plan_of(GetParam(), Device::cpu({.threads = 3}));
  CallArrays arrays(plan, 1);
  make_ragged(arrays);
  const auto first = run(plan, arrays);
  for (int n = 0; n < 10; ++n) {
    CallArrays again(plan, 1);
    make_ragged(again);
    ASSERT_EQ(run(plan, again), first) << "run " << n;
  }
}

TEST_P(SameBits, OnAnyNumberOfThreads) {
  for (const bool ragged : {false, true}) {
    SCOPED_TRACE(ragged);
    std::vector<unsigned char> alone;
    for (const int threads : {1, 2, 3, 5, 8}) {
      const Plan plan = plan_of(GetParam(), Device::cpu({.threads = threads}));
      CallArrays arrays(plan, 2);
      if (ragged) make_ragged(arrays);
      const auto results = run(plan, arrays);
      if (threads == 1) alone = results;
      EXPECT_EQ(results, alone) << threads << " threads";
    }
  }
}

#if defined(TAKT_HEAP_OF_SANITIZER)
constexpr int repeats = 8;
#else
constexpr int repeats = 40;
#endif

/// Two host threads run one plan, or plans of two devices, many times.
void expect_same_beside_each_other(const Plan& one, const Plan& other) {
  CallArrays alone_one(one, 3), alone_other(other, 4);
  const auto expected_one = run(one, alone_one), expected_other = run(other, alone_other);
  int wrong_one = 0, wrong_other = 0;
  const auto repeat = [](const Plan& plan, std::uint64_t seed,
                         const std::vector<unsigned char>& expected, int& wrong) {
    CallArrays arrays(plan, seed);
    for (int n = 0; n < repeats; ++n)
      if (run(plan, arrays) != expected) ++wrong;
  };
  std::thread beside([&] { repeat(other, 4, expected_other, wrong_other); });
  repeat(one, 3, expected_one, wrong_one);
  beside.join();
  EXPECT_EQ(wrong_one, 0);
  EXPECT_EQ(wrong_other, 0);
}

TEST_P(SameBits, OnePlanOfTwoHostThreads) {
  const Plan plan = plan_of(GetParam(), Device::cpu({.threads = 2}));
  expect_same_beside_each_other(plan, plan);
}

TEST_P(SameBits, TwoDevicesAtOnce) {
  const Plan one = plan_of(GetParam(), Device::cpu({.threads = 2}));
  const Plan other = plan_of(GetParam(), Device::cpu({.threads = 1}));
  expect_same_beside_each_other(one, other);
}

/// Elements from one row of `from` to one of `to`, in arrays [blocks,rows,size].
void copy_row(const Array& from, std::int64_t from_row, Array& to, std::int64_t to_row,
              std::int64_t from_rows, std::int64_t to_rows, std::int64_t blocks,
              std::int64_t size) {
  const std::size_t bytes = static_cast<std::size_t>(size) * size_of(from.type());
  const auto* source = static_cast<const std::byte*>(from.data());
  auto* target = static_cast<std::byte*>(to.data());
  for (std::int64_t block = 0; block < blocks; ++block)
    std::memcpy(target + static_cast<std::size_t>(block * to_rows + to_row) * bytes,
                source + static_cast<std::size_t>(block * from_rows + from_row) * bytes, bytes);
}

/// With x = 0, Wx is zero whatever T and B: what is left is the recurrence, whose bits depend on
/// nothing but the row. Biases are not 0, so that the sign of a zero cannot be seen.
void silence_x(CallArrays& arrays) {
  std::memset(arrays.x.data(), 0,
              static_cast<std::size_t>(arrays.x.size()) * size_of(arrays.x.type()));
}

/// What the recurrences give for row b: y, hT, cT, c_all, dh0 and dc0.
std::vector<unsigned char> row_of(const CallArrays& arrays, std::int64_t b) {
  std::vector<unsigned char> bytes;
  const std::int64_t H = arrays.spec.hidden_size, T = arrays.T, C = arrays.C;
  const auto add = [&](const Array& array, std::int64_t blocks) {
    const std::int64_t size = H * static_cast<std::int64_t>(size_of(array.type()));
    for (std::int64_t block = 0; block < blocks; ++block) {
      const auto* begin =
          static_cast<const unsigned char*>(array.data()) + (block * arrays.B + b) * size;
      bytes.insert(bytes.end(), begin, begin + size);
    }
  };
  add(arrays.y, T);
  add(arrays.hT, 1);
  add(arrays.cT, C);
  add(arrays.c_all, C * T);
  add(arrays.dh0, 1);
  add(arrays.dc0, C);
  return bytes;
}

/// Row `from_row` of `from`, all but x, as row `to_row` of `to`.
void take_row(const CallArrays& from, std::int64_t from_row, CallArrays& to, std::int64_t to_row) {
  const std::int64_t H = from.spec.hidden_size;
  copy_row(from.h0, from_row, to.h0, to_row, from.B, to.B, 1, H);
  copy_row(from.c0, from_row, to.c0, to_row, from.B, to.B, from.C, H);
  copy_row(from.dy, from_row, to.dy, to_row, from.B, to.B, from.T, H);
  copy_row(from.dhT, from_row, to.dhT, to_row, from.B, to.B, 1, H);
  copy_row(from.dcT, from_row, to.dcT, to_row, from.B, to.B, from.C, H);
  copy_row(from.dc_all, from_row, to.dc_all, to_row, from.B, to.B, from.C * from.T, H);
  to.lengths.resize(static_cast<std::size_t>(to.B));
  to.lengths[static_cast<std::size_t>(to_row)] = from.lengths[static_cast<std::size_t>(from_row)];
  to.resets.resize(static_cast<std::size_t>(to.T * to.B));
  for (std::int64_t t = 0; t < to.T; ++t)
    to.resets[static_cast<std::size_t>(t * to.B + to_row)] =
        from.resets[static_cast<std::size_t>(t * from.B + from_row)];
}

TEST_P(SameBits, OfARowAloneAndInABatch) {
  const Device device = Device::cpu({.threads = 2});
  const Plan plan = plan_of(GetParam(), device);
  CallArrays batch(plan, 5);
  make_ragged(batch);
  silence_x(batch);
  run(plan, batch);
  const Plan single(plan.spec(), {batch.T, 1}, Mode::training, device);
  for (std::int64_t b = 0; b < batch.B; ++b) {
    CallArrays alone(single, 5);
    silence_x(alone);
    take_row(batch, b, alone, 0);
    run(single, alone);
    EXPECT_EQ(row_of(alone, 0), row_of(batch, b)) << "row " << b;
  }
}

TEST_P(SameBits, OfRowsInAnotherOrder) {
  const Plan plan = plan_of(GetParam(), Device::cpu({.threads = 2}));
  CallArrays batch(plan, 6), turned(plan, 6);
  make_ragged(batch);
  silence_x(batch);
  silence_x(turned);
  for (std::int64_t b = 0; b < batch.B; ++b) take_row(batch, b, turned, batch.B - 1 - b);
  run(plan, batch);
  run(plan, turned);
  for (std::int64_t b = 0; b < batch.B; ++b)
    EXPECT_EQ(row_of(turned, batch.B - 1 - b), row_of(batch, b)) << "row " << b;
}

std::string name_of(const testing::TestParamInfo<Problem>& info) {
  const Problem& problem = info.param;
  return problem.cell + "_" + std::string(to_string(problem.type)) + "_H" +
         std::to_string(problem.H);
}

INSTANTIATE_TEST_SUITE_P(Cells, SameBits, testing::ValuesIn(problems), name_of);

}  // namespace
}  // namespace takt::test
