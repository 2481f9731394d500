// The safetensors format: what is written is what the format says, and nothing else is read.
#include "language_model/safetensors.hpp"

#include <bit>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "language_model/checkpoint.hpp"
#include "language_model/failure.hpp"
#include "language_model/output.hpp"
#include "small_models.hpp"
#include "tool_run.hpp"

namespace language_model::test {
namespace {

using takt::test::Folder;

/// An odd number of floats comes first by name: doubles behind it would not be aligned.
const TensorFile sample{.metadata = {{"kind", "test"}},
                        .tensors = {{"a", {takt::DataType::f32, {3, 1}, {1, -2, 1e-30F}}},
                                    {"b", {takt::DataType::f64, {3}, {1.0 / 3, 1e300, -0.0}}},
                                    {"none", {takt::DataType::f32, {0, 4}, {}}}}};

/// A file of this header and this many bytes of elements.
std::string file_of(const std::string& header, std::size_t data_bytes) {
  const std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + header +
         std::string(data_bytes, '\0');
}

std::string refusal_of(const Folder& folder, const std::string& contents) {
  folder.write("file", contents);
  try {
    (void)read_safetensors("the model", folder / "file");
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(Safetensors, ReadsWhatItWrote) {
  const Folder folder;
  write_safetensors(folder / "file", sample);
  const TensorFile file = read_safetensors("the model", folder / "file");
  EXPECT_EQ(file.metadata, sample.metadata);
  ASSERT_EQ(file.tensors.size(), sample.tensors.size());
  for (const auto& [name, tensor] : sample.tensors) {
    EXPECT_EQ(file.tensors.at(name).type, tensor.type);
    EXPECT_EQ(file.tensors.at(name).shape, tensor.shape);
    EXPECT_EQ(file.tensors.at(name).values, tensor.values);
  }
}

/// Rule by rule: length, padding, JSON, types, offsets without gaps, alignment, values.
TEST(Safetensors, IsWhatTheFormatSays) {
  const Folder folder;
  write_safetensors(folder / "file", sample);
  const std::string file = folder.read("file");
  std::uint64_t length = 0;
  for (std::size_t n = 0; n < 8; ++n)
    length |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(file[n])) << (8 * n);
  EXPECT_EQ(length % 8, 0u);
  const std::string text = file.substr(8, length);
  EXPECT_EQ(text.front(), '{');
  EXPECT_EQ(text[text.find_last_not_of(' ')], '}');
  const auto header = nlohmann::json::parse(text);
  EXPECT_EQ(header.size(), 1 + sample.tensors.size());
  EXPECT_EQ(header["__metadata__"], nlohmann::json({{"kind", "test"}}));
  std::set<std::pair<std::uint64_t, std::uint64_t>> places;
  for (const auto& [name, tensor] : sample.tensors) {
    const auto& entry = header[name];
    const bool wide = tensor.type == takt::DataType::f64;
    EXPECT_EQ(entry["dtype"], wide ? "F64" : "F32");
    EXPECT_EQ(entry["shape"], tensor.shape);
    const std::uint64_t start = entry["data_offsets"][0], end = entry["data_offsets"][1];
    EXPECT_EQ(start % (wide ? 8 : 4), 0u) << name;
    ASSERT_EQ(end - start, tensor.values.size() * (wide ? 8 : 4)) << name;
    places.emplace(start, end);
    for (std::size_t n = 0; n < tensor.values.size(); ++n) {
      const char* from = file.data() + 8 + length + start + n * (wide ? 8 : 4);
      double as_double = 0;
      float as_float = 0;
      wide ? std::memcpy(&as_double, from, 8) : std::memcpy(&as_float, from, 4);
      EXPECT_EQ(wide ? as_double : as_float, tensor.values[n]) << name << n;
    }
  }
  std::uint64_t reached = 0;
  for (const auto& [start, end] : places) {
    EXPECT_EQ(start, reached);
    reached = end;
  }
  EXPECT_EQ(file.size(), 8 + length + reached);
}

/// What the reader in Python is to print of a tensor.
std::string line_of(const std::string& name, const Tensor& tensor) {
  std::string line = name + (tensor.type == takt::DataType::f64 ? " F64 [" : " F32 [");
  for (std::size_t n = 0; n < tensor.shape.size(); ++n)
    line += (n == 0 ? "" : ", ") + std::to_string(tensor.shape[n]);
  line += "]";
  for (const double value : tensor.values)
    line +=
        format(" %016llx", static_cast<unsigned long long>(std::bit_cast<std::uint64_t>(value)));
  return line + "\n";
}

TEST(Safetensors, AnotherReaderFindsTheSame) {
  const auto python = [](const std::string& words) {
    return takt::test::run_tool(
        takt::test::ToolRun{.arguments = {"-c", "exec python3 -B " + words}, .program = "/bin/sh"});
  };
  if (python("-c 'import json, struct'").exit_code != 0) GTEST_SKIP() << "python3 is not here";
  const Folder folder;
  const std::unique_ptr<Operations> on = operations();
  Parameters parameters(small_sizes, on->device());
  initialise(parameters, {.seed = 2}, *on);
  save_model(folder / "model", parameters, *on);
  Trainer trainer(small_sizes, small_options(), text_of(rhyme), *on);
  trainer.step();
  save_run(folder / "run", {small_sizes, small_options(), 1, 2, {{1, 3, 4}}}, trainer.state(), *on);
  write_safetensors(folder / "file", sample);
  for (const std::string name : {"file", "model", "run"}) {
    const auto read = python(TAKT_SOURCE_DIR "/tests/language_model/read_safetensors.py " +
                             (folder / name).string());
    ASSERT_EQ(read.exit_code, 0) << name << ": " << read.err;
    const TensorFile file = read_safetensors("the file", folder / name);
    std::size_t size = 0;
    for (const auto& [tensor_name, tensor] : file.tensors) {
      const std::string line = line_of(tensor_name, tensor);
      EXPECT_TRUE(("\n" + read.out).find("\n" + line) != std::string::npos) << line;
      size += line.size();
    }
    EXPECT_EQ(read.out.size(), size) << name;  // and no others
  }
}

TEST(Safetensors, RefusesAFileThatIsCutShortWherever) {
  const Folder folder;
  write_safetensors(folder / "file", sample);
  const std::string whole = folder.read("file");
  for (std::size_t size = 0; size < whole.size(); ++size)
    ASSERT_NE(refusal_of(folder, whole.substr(0, size)).find("the model '"), std::string::npos)
        << size;
  EXPECT_EQ(refusal_of(folder, whole), "");
  EXPECT_NE(refusal_of(folder, whole + "x").find("longer than its tensors"), std::string::npos);
}

TEST(Safetensors, SaysWhyAFileIsNone) {
  const Folder folder;
  const std::string tensor = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  ASSERT_EQ(refusal_of(folder, file_of(tensor, 8)), "");
  const auto with = [&](const std::string& old, const std::string& now) {
    std::string header = tensor;
    return header.replace(header.find(old), old.size(), now);
  };
  const auto two = [&](const std::string& first, const std::string& second) {
    std::string header = with("[0,8]", first), other = with("[0,8]", second);
    header.back() = ',';
    return header + other.replace(0, 4, "\"b\"");
  };
  ASSERT_EQ(refusal_of(folder, file_of(two("[0,8]", "[8,16]"), 16)), "");
  const std::vector<std::pair<std::string, std::string>> cases{
      {"abc", "it has 3 bytes, fewer than the 8"},
      {"A text that is much longer than eight bytes.\n", "more than the file"},
      {file_of("[1,2]", 0), "its header is not a JSON object"},
      {file_of("{\"a\":", 0), "its header is not a JSON object"},
      {file_of(R"({"__metadata__":[]})", 0), "its metadata are not a JSON object"},
      {file_of(R"({"__metadata__":{"a":1}})", 0), "its metadata 'a' is not a string"},
      {file_of(R"({"a":3})", 0), "tensor 'a' of type null; it must be F32 or F64"},
      {file_of(with("F32", "BF16"), 8), "tensor 'a' of type \"BF16\"; it must be F32 or F64"},
      {file_of(with("[2]", "2"), 8), "tensor 'a' has no list 'shape'"},
      {file_of(with("[2]", "[-2]"), 8), "'shape' of tensor 'a' has -2"},
      {file_of(with("[2]", "[2.5]"), 8), "'shape' of tensor 'a' has 2.5"},
      {file_of(with("[2]", "[3]"), 8), "tensor 'a' has 8 bytes, which is not what its shape needs"},
      {file_of(with("[2]", "[4611686018427387903,4611686018427387903]"), 8),
       "tensor 'a' has a shape of more than 2^63 bytes"},
      {file_of(with("[0,8]", "[0,18446744073709551616]"), 8), "'data_offsets' of tensor 'a' has "},
      {file_of(with("[0,8]", "[-8,0]"), 8), "'data_offsets' of tensor 'a' has -8"},
      {file_of(with("[2]", "[[[[2]]]]"), 8), "its header is nested too deeply"},
      {file_of(" " + tensor, 8), "its header is not a JSON object"},
      {std::string(8, '\xff') + tensor, "its header would have 18446744073709551615 bytes"},
      {file_of(with("[0,8]", "[0,16]"), 8), "tensor 'a' reaches past the end of the file"},
      {file_of(with("[0,8]", "[8,0]"), 8), "tensor 'a' reaches past the end of the file"},
      {file_of(with("[0,8]", "[0]"), 8), "tensor 'a' reaches past the end of the file"},
      {file_of(with("[0,8]", "[8,16]"), 16), "its tensors overlap or leave gaps"},
      {file_of(two("[0,8]", "[4,12]"), 12), "its tensors overlap or leave gaps"},
      {file_of(two("[0,8]", "[0,8]"), 8), "its tensors overlap or leave gaps"},
      {file_of(two("[0,8]", "[12,20]"), 20), "its tensors overlap or leave gaps"},
      {file_of(two("[0,8]", "[8,16]"), 20), "it is longer than its tensors"},
      {file_of(tensor.substr(0, tensor.size() - 1) + "," + tensor.substr(1), 8),
       "its header has \"a\" twice"},
      {file_of(with("\"shape\"", "\"shape\":[1],\"shape\""), 8), "its header has \"shape\" twice"}};
  for (const auto& [contents, why] : cases)
    EXPECT_NE(refusal_of(folder, contents).find(why), std::string::npos)
        << why << ": " << refusal_of(folder, contents);
}

TEST(Safetensors, AHostileHeaderTakesNeitherTheStackNorTheMemory) {
  const Folder folder;
  const std::string deep =
      "{\"a\":" + std::string(1'000'000, '[') + std::string(1'000'000, ']') + "}";
  EXPECT_NE(refusal_of(folder, file_of(deep, 0)).find("nested too deeply"), std::string::npos);
  constexpr std::uint64_t length = 100'000'001;
  folder.write("file", std::string(reinterpret_cast<const char*>(&length), sizeof length));
  std::filesystem::resize_file(folder / "file", sizeof length + length);
  try {
    (void)read_safetensors("the model", folder / "file");
    ADD_FAILURE() << "it was read";
  } catch (const UsageError& error) {
    EXPECT_TRUE(std::string(error.what())
                    .ends_with("its header has 100000001 bytes; it may have 100000000"))
        << error.what();
  }
}

}  // namespace
}  // namespace language_model::test
