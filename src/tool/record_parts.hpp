// What all records of takt's programs have in common.
#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "shape.hpp"
#include "tool/record_field.hpp"

namespace takt::tool {

/// *.json of a folder, in the order of their names. Throws UsageError, in the name of `name`, for
/// one that cannot be read.
std::set<std::filesystem::path> record_files(const std::filesystem::path& folder,
                                             const std::string& name);

/// Throws UsageError, in the name of `name`, for a file that cannot be read or is not JSON.
Json read_record_file(const std::filesystem::path& path, const std::string& name);

/// "bench", "microbench" or "gpu run".
std::string kind_of(const Field& record);

/// Whether an emulated device wrote it, which measures nothing.
bool is_emulated(const Field& record);

/// "cpu (AMD EPYC (family 25, model 17, stepping 1), 2 threads, x86-64-v4)", "NVIDIA H200".
std::string device_text(const Field& device);

/// Of a point of takt bench.
bench::Shape shape_of(const Field& point);

}  // namespace takt::tool
