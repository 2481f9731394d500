// Files that are there whole: read at once, replaced at once.
#pragma once

#include <string>
#include <vector>

namespace language_model {

/// Throws UsageError, "WHAT 'PATH' cannot be read: why", where it cannot.
std::string read_file(const std::string& what, const std::string& path);

/// Writes beside the file, to the disk, and renames; links are followed, also to where nothing is
/// yet. Throws Failure, naming the file, and then an old file is as it was and no new one is left.
void replace_file(const std::string& path, const std::string& contents);

struct FileContents {
  std::string path, contents;
};
/// The same for several files: all of them are on the disk, beside the old ones, before the first
/// is renamed. They are renamed in their order, so that after a crash only the last can be old.
void replace_files(const std::vector<FileContents>& files);

/// Removes what processes that are no more have left of new files of these names.
void remove_leftovers(const std::string& folder, const std::vector<std::string>& names);

/// Makes a folder and those it lies in. Throws UsageError, naming the option, where it cannot, or
/// where the folder that is there takes no files.
void make_folder(const std::string& option, const std::string& path);

}  // namespace language_model
