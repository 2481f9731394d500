// Loads cuDNN.
#ifdef TAKT_HAVE_CUDNN

#include "cuda/cudnn_library.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <vector>

#include "escape.hpp"

namespace takt::bench {
namespace {

constexpr const char* name = "libcudnn.so.9";

std::string variable(const char* variable_name) {
  const char* const text = std::getenv(variable_name);
  return text == nullptr ? "" : text;
}

std::vector<std::string> places() {
  if (const std::string given = variable("TAKT_CUDNN"); !given.empty()) return {given};
  std::vector<std::string> places = {name};
  for (const std::string& folder : {variable("CUDA_PATH"), std::string("/usr/local/cuda")})
    if (!folder.empty())
      for (const char* part : {"/lib64/", "/lib/"}) places.push_back(folder + part + name);
  return places;
}

/// The first that can be loaded; null, with what the loader said of each.
void* open_first(const std::vector<std::string>& places, std::string& said) {
  for (const std::string& place : places) {
    if (void* const library = dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL)) return library;
    said += (said.empty() ? "" : "; ") + escaped(dlerror());
  }
  return nullptr;
}

template <class Function>
void find(void* library, const char* function_name, Function& function, std::string& missing) {
  function = reinterpret_cast<Function>(dlsym(library, function_name));
  if (function == nullptr && missing.empty())
    missing = std::string("what was loaded has no ") + function_name;
}

std::string why_not_used(const CudnnLibrary& library) {
  const std::size_t version = library.cudnnGetVersion();
  if (version / 10000 == CUDNN_MAJOR) return "";
  return "what was loaded is version " + std::to_string(version) + "; takt was built for version " +
         std::to_string(CUDNN_MAJOR);
}

CudnnLibrary load() {
  CudnnLibrary found;
  std::string& missing = found.missing;
  if (void* const library = open_first(places(), missing)) {
    missing.clear();
#define TAKT_CUDNN_FIND(function_name) find(library, #function_name, found.function_name, missing);
    TAKT_CUDNN_FUNCTIONS(TAKT_CUDNN_FIND)
#undef TAKT_CUDNN_FIND
    if (missing.empty()) missing = why_not_used(found);
  }
  if (missing.empty()) return found;
  const std::string given = escaped(variable("TAKT_CUDNN"));
  missing =
      (given.empty() ? std::string("cuDNN was not found")
                     : "TAKT_CUDNN is '" + given + "'; it must be the file of cuDNN's library") +
      " (" + missing + ")";
  return found;
}

}  // namespace

const CudnnLibrary& cudnn() {
  static const CudnnLibrary library = load();
  return library;
}

}  // namespace takt::bench

#endif
