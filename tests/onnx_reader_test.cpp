// The ONNX reader on messages made by hand, and on broken ones: it refuses, and never reads
// outside.
#include "onnx_reader.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <new>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "onnx_files.hpp"

namespace takt::onnx {
namespace {

using Message = std::vector<unsigned char>;

// Messages by hand.

Message operator+(Message a, const Message& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Message varint(std::uint64_t value) {
  Message bytes;
  for (; value > 127; value >>= 7) bytes.push_back(static_cast<unsigned char>(value | 0x80));
  bytes.push_back(static_cast<unsigned char>(value));
  return bytes;
}

Message number(unsigned key, std::uint64_t value) {
  return varint(key << 3) + varint(value);
}

Message counted(unsigned key, const Message& bytes) {
  return varint(key << 3 | 2) + varint(bytes.size()) + bytes;
}

Message counted(unsigned key, const std::string& text) {
  return counted(key, Message(text.begin(), text.end()));
}

Message counted(unsigned key, const char* text) {
  return counted(key, std::string(text));
}

constexpr std::uint64_t minus_one = ~std::uint64_t{0};
const Message one_f32 = {0, 0, 0x80, 0x3f};
const Message minus_two_f32 = {0, 0, 0, 0xc0};

/// [1,2] of float, values 1 and -2.
Message float_tensor() {
  return number(1, 1) + number(1, 2) + number(2, 1) + counted(8, "x") +
         counted(9, one_f32 + minus_two_f32);
}

Message small_model() {
  const Message node = counted(1, "X") + counted(1, "") + counted(2, "Y") + counted(4, "RNN") +
                       counted(5, counted(1, "hidden_size") + number(3, 300) + number(20, 2)) +
                       counted(5, counted(1, "layout") + number(3, minus_one)) +
                       counted(5, counted(1, "direction") + counted(4, "reverse")) +
                       counted(5, counted(1, "activations") + counted(9, "Tanh")) +
                       counted(5, counted(1, "clip") + Message{2 << 3 | 5} + one_f32) +
                       counted(5, counted(1, "alpha") + counted(7, one_f32 + minus_two_f32)) +
                       counted(5, counted(1, "alone") + Message{7 << 3 | 5} + one_f32);
  const Message graph = counted(1, node) + counted(2, "graph") + counted(5, float_tensor()) +
                        counted(11, counted(1, "X")) + counted(12, counted(1, "Y"));
  return number(1, 8) + counted(7, graph) + counted(8, number(2, 14));
}

// What is well-formed.

TEST(OnnxReader, Models) {
  const Graph graph = read_model(small_model());
  EXPECT_EQ(graph.inputs, std::vector<std::string>{"X"});
  EXPECT_EQ(graph.outputs, std::vector<std::string>{"Y"});
  ASSERT_EQ(graph.initializers.size(), 1u);
  EXPECT_EQ(graph.initializers[0].name, "x");
  ASSERT_EQ(graph.nodes.size(), 1u);
  const Node& node = graph.nodes[0];
  EXPECT_EQ(node.op_type, "RNN");
  EXPECT_EQ(node.inputs, (std::vector<std::string>{"X", ""}));
  EXPECT_EQ(node.outputs, std::vector<std::string>{"Y"});
  EXPECT_EQ(node.attributes.size(), 7u);
  EXPECT_EQ(node.attributes.at("hidden_size").i, 300);
  EXPECT_EQ(node.attributes.at("layout").i, -1);
  EXPECT_EQ(node.attributes.at("direction").s, "reverse");
  EXPECT_EQ(node.attributes.at("activations").strings, std::vector<std::string>{"Tanh"});
  EXPECT_EQ(node.attributes.at("clip").f, 1);
  EXPECT_EQ(node.attributes.at("alpha").floats, (std::vector<double>{1, -2}));
  EXPECT_EQ(node.attributes.at("alone").floats, std::vector<double>{1});
}

TEST(OnnxReader, TensorsOfEachType) {
  const Tensor raw = read_tensor(float_tensor());
  EXPECT_EQ(raw.name, "x");
  EXPECT_EQ(raw.dims, (std::vector<std::int64_t>{1, 2}));
  const std::vector<double> values = {1, -2};
  EXPECT_EQ(raw.values, values);

  const Message dims = counted(1, varint(1) + varint(2));  // packed
  const Message one_f64 = {0, 0, 0, 0, 0, 0, 0xf0, 0x3f}, two_f64 = {0, 0, 0, 0, 0, 0, 0, 0xc0};
  const Message one_int = {1, 0, 0, 0}, two_int = {0xfe, 0xff, 0xff, 0xff};
  const Message zero_int = {0, 0, 0, 0}, ones_int = {0xff, 0xff, 0xff, 0xff};
  const Message one_and_two = varint(1) + varint(minus_one - 1);
  for (const Message& data : {
           number(2, 1) + counted(4, one_f32 + minus_two_f32),
           number(2, 1) + Message{4 << 3 | 5} + one_f32 + Message{4 << 3 | 5} + minus_two_f32,
           number(2, 11) + counted(9, one_f64 + two_f64),
           number(2, 11) + counted(10, one_f64 + two_f64),
           number(2, 6) + counted(9, one_int + two_int),
           number(2, 6) + counted(5, one_and_two),
           number(2, 7) + counted(9, one_int + zero_int + two_int + ones_int),
           number(2, 7) + number(7, 1) + number(7, minus_one - 1),
       }) {
    EXPECT_EQ(read_tensor(dims + data).values, values);
  }
  EXPECT_EQ(read_tensor(number(2, 1) + counted(9, one_f32)).values, std::vector<double>{1});
  EXPECT_TRUE(read_tensor(number(1, 0) + number(2, 1)).values.empty());
}

// What is not.

void expect_refused(const Message& tensor, const std::string& sentence) {
  try {
    read_tensor(tensor);
    ADD_FAILURE() << "not refused: " << sentence;
  } catch (const ReadError& error) {
    EXPECT_EQ(error.what(), sentence);
  }
}

TEST(OnnxReader, Refusals) {
  const Message floats = number(2, 1);
  expect_refused(floats + number(1, 3) + counted(9, one_f32),
                 "tensor '' has 1 values; its dimensions say 3");
  expect_refused(floats + number(1, minus_one), "tensor '' has a dimension of -1");
  expect_refused(floats + number(1, 1ULL << 40) + number(1, 1ULL << 40),
                 "tensor '' has a dimension of 1099511627776");
  expect_refused(floats + counted(9, Message{1, 2, 3}), "3 bytes are not whole elements of 4");
  expect_refused(number(2, 8), "a tensor has the data type 8");
  expect_refused(counted(9, one_f32), "a tensor has the data type 0");
  expect_refused(floats + number(14, 1), "a tensor's data lie in another file");
  expect_refused(floats + number(9, 1), "field 9 has wire type 0");
  expect_refused(floats + number(0, 1), "a field has the number 0");
  expect_refused(Message{1 << 3 | 3}, "a field has wire type 3");
  expect_refused(Message(11, 0xff), "a number has more than 64 bits");
  expect_refused(Message{9 << 3 | 2} + varint(minus_one),
                 "the file ends 18446744073709551615 bytes before a field does");
  EXPECT_THROW(read_model({}), ReadError);
  EXPECT_THROW(read_model(small_model() + small_model()), ReadError);
  EXPECT_THROW(read_file("/nowhere/model.onnx"), ReadError);
}

/// Bytes whose end is the end of the readable memory: whoever reads further is killed, with or
/// without a sanitizer.
class EndOfMemory {
 public:
  explicit EndOfMemory(std::size_t largest)
      : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))),
        room_((largest / page_ + 1) * page_),
        memory_(static_cast<unsigned char*>(mmap(nullptr, room_ + page_, PROT_READ | PROT_WRITE,
                                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
    if (memory_ == MAP_FAILED || mprotect(memory_ + room_, page_, PROT_NONE) != 0)
      throw std::bad_alloc();
  }
  EndOfMemory(const EndOfMemory&) = delete;
  EndOfMemory& operator=(const EndOfMemory&) = delete;
  ~EndOfMemory() { munmap(memory_, room_ + page_); }

  /// A copy of the first `count` bytes, at the end of the room.
  std::span<unsigned char> hold(const Message& bytes, std::size_t count) {
    unsigned char* start = memory_ + room_ - count;
    if (count > 0) std::memcpy(start, bytes.data(), count);
    return {start, count};
  }

 private:
  std::size_t page_;
  std::size_t room_;
  unsigned char* memory_;
};

/// Reads every beginning of a file, and the file with every one of its bits flipped; returns how
/// many beginnings were refused.
template <class Read>
std::size_t break_file(const Message& file, Read read) {
  EndOfMemory memory(file.size());
  const auto is_refused = [&](Bytes bytes) {
    try {
      read(bytes);
      return false;
    } catch (const ReadError&) {
      return true;
    }
  };
  std::size_t refused = 0;
  for (std::size_t count = 0; count < file.size(); ++count)
    refused += is_refused(memory.hold(file, count)) ? 1u : 0u;
  const std::span<unsigned char> whole = memory.hold(file, file.size());
  EXPECT_FALSE(is_refused(whole));
  for (std::size_t bit = 0; bit < 8 * file.size(); ++bit) {
    whole[bit / 8] ^= static_cast<unsigned char>(1u << bit % 8);
    is_refused(whole);
    whole[bit / 8] ^= static_cast<unsigned char>(1u << bit % 8);
  }
  return refused;
}

TEST(OnnxReader, BrokenMessages) {
  // A tensor is complete with its last byte. A model is so with its graph; what follows is a field
  // of 4 bytes, which a reader can only miss where it is missing as a whole.
  EXPECT_EQ(break_file(float_tensor(), read_tensor), float_tensor().size());
  EXPECT_EQ(break_file(small_model(), read_model), small_model().size() - 1);
}

TEST(OnnxReader, BrokenFilesOfThePackage) {
  const auto tests = recurrent_node_tests();
  if (tests.empty()) GTEST_SKIP() << "Debian's package " << package << " is not installed";
  std::size_t files = 0;
  for (const auto& test : tests) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(test)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".pb" && extension != ".onnx") continue;
      SCOPED_TRACE(entry.path().string());
      const Message file = read_file(entry.path().string());
      if (extension == ".pb") {
        EXPECT_EQ(break_file(file, read_tensor), file.size());
      } else {
        EXPECT_GE(break_file(file, read_model), file.size() - 3);
      }
      ++files;
    }
  }
  EXPECT_GE(files, 2 * tests.size());
}

}  // namespace
}  // namespace takt::onnx
