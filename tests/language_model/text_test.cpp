// Texts from files, and their two parts.
#include "language_model/text.hpp"

#include <filesystem>

#include <gtest/gtest.h>

#include "language_model/failure.hpp"
#include "small_models.hpp"
#include "tool_run.hpp"

namespace language_model::test {
namespace {

std::string refusal_of(const std::string& path) {
  try {
    (void)read_text(path);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(LanguageModelText, HasEveryByteOfTheFile) {
  const takt::test::Folder folder;
  std::string all;
  for (int n = 0; n < 512; ++n) all += static_cast<char>(n % 256);
  folder.write("text", all);
  EXPECT_EQ(read_text(folder / "text"), text_of(all));
}

TEST(LanguageModelText, RefusesWhatIsNoText) {
  const takt::test::Folder folder;
  folder.write("empty", "");
  folder.write("one", "x");
  const std::string at = folder.path().string() + "/";
  EXPECT_EQ(refusal_of(at + "none"),
            "the text '" + at + "none' cannot be read: No such file or directory");
  EXPECT_EQ(refusal_of(at), "the text '" + at + "' cannot be read: it is a folder");
  EXPECT_EQ(refusal_of(at + "empty"),
            "the text '" + at + "empty' has 0 bytes; it must have at least 4");
  EXPECT_EQ(refusal_of("/dev/zero"), "the text '/dev/zero' cannot be read: it is a device");
  EXPECT_EQ(refusal_of(at + "one"), "the text '" + at + "one' has 1 byte; it must have at least 4");
}

TEST(LanguageModelText, HoldsOutTheLastTenthAndAtLeastOneByte) {
  const Text text = text_of("0123456789012345678901234");
  const Split parts = split(text);
  EXPECT_EQ(parts.train.size(), 23u);
  EXPECT_EQ(parts.held_out.size(), 2u);
  EXPECT_EQ(parts.held_out.data(), text.data() + 23);
  EXPECT_EQ(split(std::span(text).first(4)).held_out.size(), 1u);
}

TEST(LanguageModelText, WhereNoneIsNamedItIsTheLicenseOrElseTheDocumentsOfATree) {
  const takt::test::Folder folder;
  const std::string tree = folder.path(), license = folder / "license";
  try {
    (void)default_text(license, tree);
    ADD_FAILURE() << "there is nothing";
  } catch (const UsageError& error) {
    EXPECT_EQ(error.what(), "no text is named, and neither '" + license + "' nor documents in '" +
                                tree + "' are there to take instead; name a file");
  }
  std::filesystem::create_directory(folder / "docs");
  folder.write("docs/b.md", "third");
  folder.write("docs/a.md", "second ");
  folder.write("docs/a.txt", "no document");
  folder.write("README.md", "first ");
  EXPECT_EQ(default_text(license, tree).bytes, text_of("first second third"));
  EXPECT_EQ(default_text(license, tree).name, "takt's own documents");
  folder.write("license", "law and order");
  EXPECT_EQ(default_text(license, tree).bytes, text_of("law and order"));
  EXPECT_EQ(default_text(license, tree).name, license);
  EXPECT_GT(default_text("none", TAKT_SOURCE_DIR).bytes.size(), 10000u);
}

TEST(LanguageModelText, FingerprintTellsTextsApart) {
  EXPECT_NE(fingerprint(text_of("ab")), fingerprint(text_of("ba")));
  EXPECT_EQ(fingerprint(text_of("ab")), fingerprint(text_of("ab")));
}

}  // namespace
}  // namespace language_model::test
