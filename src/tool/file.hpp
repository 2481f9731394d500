// Files that appear whole or not at all.
#pragma once

#include <string>

namespace takt::tool {

/// Checks, leaving nothing behind, that `write_file` could write this file; throws UsageError in
/// the name of the option where it could not.
void check_writable(const std::string& option, const std::string& path);

/// Replaces the file at once, by renaming, keeping its mode; links are followed. Throws Failure,
/// and then an existing file is as it was. Written in place, and so perhaps in part, are devices,
/// pipes, what a process holds open (/dev/stdout, which goes on where it is), and a file whose
/// folder takes no new ones.
void write_file(const std::string& path, const std::string& text);

/// Whether both names lead to one file that `write_file` would replace.
bool same_file(const std::string& a, const std::string& b);

/// Removes a file that `write_file` would replace; whether there was one.
bool remove_file(const std::string& path);

}  // namespace takt::tool
