// Texts from files.
#include "text.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "failure.hpp"
#include "file.hpp"

namespace language_model {
namespace {

namespace fs = std::filesystem;

}  // namespace

Text read_text(const std::string& path) {
  const std::string contents = read_file("the text", path);
  if (contents.size() < least_text)
    throw UsageError("the text '" + path + "' has " + std::to_string(contents.size()) +
                     (contents.size() == 1 ? " byte" : " bytes") + "; it must have at least " +
                     std::to_string(least_text));
  return {contents.begin(), contents.end()};
}

Split split(std::span<const std::uint8_t> text) {
  const std::size_t held_out = std::max<std::size_t>(1, text.size() / 10);
  return {text.first(text.size() - held_out), text.last(held_out)};
}

std::uint64_t fingerprint(std::span<const std::uint8_t> text) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const std::uint8_t byte : text) hash = (hash ^ byte) * 0x100000001B3;
  return hash;
}

NamedText default_text(const std::string& license, const std::string& tree) {
  std::error_code ignored;
  if (fs::exists(license, ignored)) return {license, read_text(license)};
  std::vector<fs::path> documents;
  for (const fs::directory_entry& entry : fs::directory_iterator(fs::path(tree) / "docs", ignored))
    if (entry.path().extension() == ".md") documents.push_back(entry.path());
  std::ranges::sort(documents);
  if (fs::path page = fs::path(tree) / "README.md"; fs::exists(page, ignored))
    documents.insert(documents.begin(), std::move(page));
  NamedText text{"takt's own documents", {}};
  for (const fs::path& document : documents) {
    const std::string contents = read_file("the document", document);
    text.bytes.insert(text.bytes.end(), contents.begin(), contents.end());
  }
  if (std::ssize(text.bytes) < least_text)
    throw UsageError("no text is named, and neither '" + license + "' nor documents in '" + tree +
                     "' are there to take instead; name a file");
  return text;
}

NamedText default_text() {
  return default_text("/usr/share/common-licenses/GPL-3", LANGUAGE_MODEL_TREE);
}

}  // namespace language_model
