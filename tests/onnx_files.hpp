// Where the node tests of Debian's package of ONNX test data lie.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace takt::onnx {

inline constexpr const char* package = "libonnx-testdata";

/// The folder with a folder for each node test: TAKT_ONNX_DATA where it is set, else the package's
/// one; empty where the package is absent.
inline std::filesystem::path node_tests() {
  if (const char* folder = std::getenv("TAKT_ONNX_DATA")) return folder;
  const std::filesystem::path folder = "/usr/share/libonnx-testdata/data/node";
  return std::filesystem::is_directory(folder) ? folder : std::filesystem::path();
}

/// Folders of the node tests of recurrent layers, sorted.
inline std::vector<std::filesystem::path> recurrent_node_tests() {
  std::vector<std::filesystem::path> found;
  const std::filesystem::path folder = node_tests();
  if (folder.empty() || !std::filesystem::is_directory(folder)) return found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    for (const std::string_view start :
         {"test_lstm_", "test_gru_", "test_rnn_", "test_simple_rnn_"})
      if (name.starts_with(start)) found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace takt::onnx
