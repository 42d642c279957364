#include "drafting/spelling.h"

#include <gtest/gtest.h>

#include <random>

#include "toy_vocabulary.h"

namespace riposte::drafting {
namespace {

const ToyVocabulary& words() {
  static const ToyVocabulary vocabulary({" because", " technologies", " university", " universe", "within",
                                         " Berlin", " form", " from", " successful", " different",
                                         " difference"});
  return vocabulary;
}

std::string best(std::string_view word) {
  const auto suggestions = Spelling(words()).suggest(word, 3);
  return suggestions.empty() ? "" : std::string(suggestions[0].word);
}

TEST(Spelling, KnowsTheWordsThatAreOneTokenBehindASpace) {
  const Spelling spelling(words());
  EXPECT_TRUE(spelling.knows("because"));
  EXPECT_TRUE(spelling.knows("Because"));
  EXPECT_FALSE(spelling.knows("within")) << "only without a space";
  EXPECT_FALSE(spelling.knows("berlin")) << "a name";
  EXPECT_FALSE(spelling.knows("becaus"));
  for (const char* odd : {"", "a", "don't", "\xff\xff", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})
    EXPECT_FALSE(spelling.knows(odd));
}

TEST(Spelling, FindsLettersLeftOutAddedReplacedAndExchanged) {
  EXPECT_EQ(best("tecnologies"), "technologies");
  EXPECT_EQ(best("becouse"), "because");
  EXPECT_EQ(best("beacuse"), "because");
  EXPECT_EQ(best("Succesfull"), "successful");
  EXPECT_EQ(best("universitty"), "university");
  EXPECT_EQ(best("fomr"), "form");
}

TEST(Spelling, SuggestsNothingFarAwayOrUnreadable) {
  for (const char* odd : {"", "abc", "mountain", "tch", "don't", "\xc3\xa4hnlich", "because"})
    EXPECT_EQ(best(odd), "") << odd;
}

TEST(Spelling, ChancesAreSharedAmongTheSuggestions) {
  const auto suggestions = Spelling(words()).suggest("differense", 5);
  ASSERT_EQ(suggestions.size(), 2u);
  EXPECT_EQ(suggestions[0].word, "difference");
  EXPECT_GT(suggestions[0].chance, suggestions[1].chance);
  EXPECT_NEAR(suggestions[0].chance + suggestions[1].chance, 1.0f, 1e-5f);
  EXPECT_EQ(Spelling(words()).suggest("differense", 1).size(), 1u);
}

TEST(Spelling, RandomWordsGetBoundedSuggestions) {
  std::mt19937 random(5);
  const Spelling spelling(words());
  for (int round = 0; round < 2000; ++round) {
    std::string word;
    while (random() % 12 != 0)
      word += static_cast<char>(random() % 8 == 0 ? random() % 256 : 'a' + random() % 26);
    const auto suggestions = spelling.suggest(word, 2);
    EXPECT_LE(suggestions.size(), 2u);
    for (const auto& suggestion : suggestions)
      EXPECT_TRUE(suggestion.chance > 0.0f && suggestion.chance <= 1.0f);
  }
}

}  // namespace
}  // namespace riposte::drafting
