// The model that counts, against values worked by hand.
#include "language_model/witten_bell.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cmath>

#include <gtest/gtest.h>

#include "small_models.hpp"

namespace language_model::test {
namespace {

// abab: after "" a twice and b twice; after a: b twice; after b: a once; after ab: a once; after
// ba: b once.
const Text text = text_of("abab");
const WittenBell model(text);

double probability(const std::string& before, char byte) {
  return model.probability(text_of(before), static_cast<std::uint8_t>(byte));
}

TEST(WittenBell, IsWhatOneCountsByHand) {
  const double a = (2 + 2 / 256.0) / (4 + 2), other = (2 / 256.0) / (4 + 2);
  EXPECT_DOUBLE_EQ(probability("", 'a'), a);
  EXPECT_DOUBLE_EQ(probability("", 'z'), other);
  const double b_after_a = (2 + 1 * a) / (2 + 1), a_after_a = (0 + 1 * a) / (2 + 1);
  EXPECT_DOUBLE_EQ(probability("a", 'b'), b_after_a);
  EXPECT_DOUBLE_EQ(probability("a", 'a'), a_after_a);
  EXPECT_DOUBLE_EQ(probability("ba", 'b'), (1 + 1 * b_after_a) / (1 + 1));
}

TEST(WittenBell, TakesTheShorterContextWhereTheLongerWasNeverSeen) {
  EXPECT_DOUBLE_EQ(probability("za", 'b'), probability("a", 'b'));
  EXPECT_DOUBLE_EQ(probability("zz", 'b'), probability("", 'b'));
}

TEST(WittenBell, LooksNoFurtherBackThanItsOrder) {
  EXPECT_DOUBLE_EQ(probability("zzzba", 'b'), probability("ba", 'b'));
}

TEST(WittenBell, SumsToOneAfterEveryContext) {
  for (const std::string before : {"", "a", "b", "ab", "ba", "bb", "zz"}) {
    double sum = 0;
    for (int byte = 0; byte < 256; ++byte) sum += probability(before, static_cast<char>(byte));
    EXPECT_NEAR(sum, 1, 1e-12) << before;
  }
}

TEST(WittenBell, CountsBitsWithTheContextOfTheTextBefore) {
  const double bits = -std::log2(probability("ab", 'a')) - std::log2(probability("ba", 'z'));
  EXPECT_DOUBLE_EQ(model.bits_per_byte(text, text_of("az")), bits / 2);
}

/// What lies before may be a whole corpus: it is here a page that cannot be read, and its end.
TEST(WittenBell, ReadsNoMoreOfTheTextBeforeThanItsOrder) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* const memory = mmap(nullptr, 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  auto* const bytes = static_cast<std::uint8_t*>(memory);
  ASSERT_EQ(mprotect(bytes + page, page, PROT_READ | PROT_WRITE), 0);
  bytes[page] = 'a';
  bytes[page + 1] = 'b';
  EXPECT_EQ(model.bits_per_byte(std::span<const std::uint8_t>(bytes, page + 2), text_of("az")),
            model.bits_per_byte(text, text_of("az")));
  munmap(memory, 2 * page);
}

}  // namespace
}  // namespace language_model::test
