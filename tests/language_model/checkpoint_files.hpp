// Files in a folder, changed by a test, and what is said of them.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "language_model/failure.hpp"
#include "language_model/safetensors.hpp"
#include "small_models.hpp"
#include "tool_run.hpp"

namespace language_model::test {

class CheckpointFiles : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return folder_ / name; }

  /// A file of `name` with something changed.
  void change(const std::string& name, const std::function<void(TensorFile&)>& work) const {
    TensorFile file = read_safetensors("the file", path(name));
    work(file);
    write_safetensors(path(name), file);
  }

  const takt::test::Folder folder_;
  const std::unique_ptr<Operations> on_ = operations();
};

template <class Work>
std::string refusal_of(const Work& work) {
  try {
    work();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

inline void expect_said(const std::string& said, const std::string& what) {
  EXPECT_NE(said.find(what), std::string::npos) << said << "\n" << what;
}

}  // namespace language_model::test
