// Every kernel of takt by family, and the tests that exercise it on a GPU.
#pragma once

#include <string>
#include <vector>

namespace takt::tool {

/// A line of docs/hardware.md.
struct KernelRow {
  std::string kernel, cell, type;  ///< cell and type: "all" where one test's say holds for all
  std::string tests;               ///< a regular expression of their whole names
};

struct KernelFamily {
  std::string name;
  std::vector<std::string> files = {};    ///< of the tree, that hold it
  std::vector<std::string> kernels = {};  ///< names of __global__ functions in them
  std::vector<KernelRow> rows = {};
};

/// A new kernel, or a new file of kernels/ptx, needs a place here.
std::vector<KernelFamily> kernel_families();

}  // namespace takt::tool
