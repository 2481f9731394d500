// The text that is learnt, as bytes: where it comes from, and its two parts.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace language_model {

/// How many there are: what goes into the model and what comes out.
inline constexpr std::int64_t byte_values = 256;

using Text = std::vector<std::uint8_t>;

/// The bytes of a file, whatever they are. Throws UsageError, naming the file, where there is none,
/// it cannot be read, or it holds fewer than `least_text` bytes.
Text read_text(const std::string& path);

/// One byte that is read and one that is to be guessed, in both parts.
inline constexpr std::int64_t least_text = 4;

/// The part that is learnt, and the rest, which only judges.
struct Split {
  std::span<const std::uint8_t> train;
  std::span<const std::uint8_t> held_out;  ///< the last tenth, at least one byte
};
/// `text`, of at least `least_text` bytes, must outlive the parts.
Split split(std::span<const std::uint8_t> text);

/// 64 bits that tell texts apart (FNV-1a).
std::uint64_t fingerprint(std::span<const std::uint8_t> text);

struct NamedText {
  std::string name;  ///< what messages call it
  Text bytes;
};
/// The text that is taken where none is named: the license where it is, else the documents of a
/// source tree, README.md and docs/*.md. Throws UsageError where neither is there.
NamedText default_text(const std::string& license, const std::string& tree);
/// The same of the GNU General Public License as Debian installs it, and of the tree that the
/// program was built from.
NamedText default_text();

}  // namespace language_model
