// Asks addr2line, which comes with the compiler.
#include "runtime/source.hpp"

#include <dlfcn.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <map>

namespace simt {

std::string source_of(const void* pc) {
  static std::map<const void*, std::string> known;
  std::string& text = known[pc];
  if (!text.empty()) return text;
  Dl_info info{};
  if (dladdr(pc, &info) == 0 || info.dli_fname == nullptr) return text = "an unknown place";
  // The call ends before the address to which it returns.
  const std::uintptr_t offset =
      reinterpret_cast<std::uintptr_t>(pc) - reinterpret_cast<std::uintptr_t>(info.dli_fbase) - 1;
  std::array<char, 4096> line{};
  std::snprintf(line.data(), line.size(), "addr2line -i -e '%s' %#zx 2>/dev/null", info.dli_fname,
                static_cast<std::size_t>(offset));
  if (FILE* pipe = popen(line.data(), "r")) {
    // The innermost of inlined functions comes first; those of the emulation and of the standard
    // library are nobody's mistake.
    while (std::fgets(line.data(), static_cast<int>(line.size()), pipe) != nullptr) {
      text = line.data();
      text = text.substr(0, text.find_first_of(" \n"));
      if (text.find("/language.hpp:") == std::string::npos &&
          text.find("/include/c++/") == std::string::npos)
        break;
    }
    pclose(pipe);
  }
  if (text.empty() || text[0] == '?') text = "an unknown place";
  return text;
}

}  // namespace simt
