#include "drafting/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "toy_vocabulary.h"

namespace riposte::drafting {
namespace {

using testing::ElementsAre;

std::vector<std::string> texts_of(std::string_view text) {
  const Words words(toy_vocabulary().tokens(text), toy_vocabulary());
  std::vector<std::string> texts;
  for (const Word& word : words.all()) texts.emplace_back(word.text);
  return texts;
}

TEST(Words, TokensOfOneWordBelongTogetherWhateverTheyAre) {
  EXPECT_THAT(texts_of("She goes to tecnologies."), ElementsAre("She", "goes", "to", "tecnologies", "."));
  const Words words(toy_vocabulary().tokens("She tecnologies"), toy_vocabulary());
  EXPECT_EQ(words[1].first_token, 1);
  EXPECT_EQ(words[1].tokens, 3);
  EXPECT_TRUE(words[1].spaced);
  EXPECT_FALSE(words[0].spaced);
}

TEST(Words, LettersDigitsAndMarksArePartedAndEachMarkIsAWord) {
  EXPECT_THAT(texts_of("in 400m, (why)?!"), ElementsAre("in", "400", "m", ",", "(", "why", ")", "?", "!"));
}

TEST(Words, AContractionIsAWordOfItsOwn) {
  const ToyVocabulary vocabulary({" do", "n", "'t", "she", "'s"});
  const Words words(vocabulary.tokens("she's don't"), vocabulary);
  ASSERT_EQ(words.size(), 4u);
  EXPECT_EQ(words[1].text, "'s");
  EXPECT_EQ(words[2].text, "don");
  EXPECT_EQ(words[3].text, "'t");
  EXPECT_EQ(words[3].kind, WordKind::kLetters);
}

TEST(Words, WhiteSpaceInFrontIsNoPartOfAWord) {
  const Words words(toy_vocabulary().tokens("  She\n\ngo"), toy_vocabulary());
  ASSERT_EQ(words.size(), 4u);
  EXPECT_EQ(words[0].text, "She") << "a token of spaces belongs to the word behind it";
  EXPECT_EQ(words[0].tokens, 2);
  EXPECT_TRUE(words[0].spaced);
  EXPECT_EQ(words[1].text, "\n");
  EXPECT_EQ(words[3].text, "go");
  EXPECT_FALSE(words[3].spaced);
  EXPECT_EQ(Words({}, toy_vocabulary()).size(), 0u);
}

TEST(Words, TokensWithoutTextAreNoTrouble) {
  const Words words(std::vector<TokenId>{ToyVocabulary::kEnd, -7, 1 << 30, 'a'}, toy_vocabulary());
  EXPECT_EQ(words[words.size() - 1].text, "a");
}

TEST(Words, SimilarWordsShareMostOfTheirBeginningAndEnd) {
  EXPECT_TRUE(are_similar("tecnologies", "technologies"));
  EXPECT_TRUE(are_similar("go", "goes"));
  EXPECT_TRUE(are_similar("Develop", "developed"));
  EXPECT_FALSE(are_similar("harmful", "nocive"));
  EXPECT_FALSE(are_similar("", "a"));
  EXPECT_TRUE(same_ignoring_case("IN", "in"));
  EXPECT_FALSE(same_ignoring_case("in", "int"));
  EXPECT_EQ(hash_of("The"), hash_of("the"));
}

}  // namespace
}  // namespace riposte::drafting
