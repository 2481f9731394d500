// Documents with generated blocks.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace takt::tool {

/// What makes the text of a block, by the block's name.
using BlockMakers = std::map<std::string, std::function<std::string()>>;

/// A document with every block between <!-- takt report: NAME --> and <!-- end of takt report -->
/// as it is made now. Throws UsageError "FILE:LINE: ..." for a block that is not closed or of a
/// name that nobody makes.
std::string with_blocks(const std::string& file, const std::string& text,
                        const BlockMakers& makers);

/// Where two texts of a document first differ, naming the block of `old` in which that is; empty
/// where they do not.
std::string first_difference(const std::string& file, const std::string& old,
                             const std::string& made);

}  // namespace takt::tool
