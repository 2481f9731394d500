// From a return address to "file:line".
#pragma once

#include <string>

namespace simt {

/// Asks addr2line once for each address; the address alone where there is none.
std::string source_of(const void* pc);

}  // namespace simt
