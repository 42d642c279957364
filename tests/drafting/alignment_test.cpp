#include "drafting/alignment.h"

#include <gtest/gtest.h>

#include <span>

#include "toy_vocabulary.h"

namespace riposte::drafting {
namespace {

// The source word (its text) from which the answer most likely goes on, "" at the end.
std::string next_word(std::string_view source_text, std::string_view output_text, size_t place = 0) {
  const Words source(toy_vocabulary().tokens(source_text), toy_vocabulary());
  const Words output(toy_vocabulary().tokens(output_text), toy_vocabulary());
  const Alignment alignment = align(source, output.all(), 4);
  if (place >= alignment.places.size()) return "none";
  const auto word = static_cast<size_t>(alignment.places[place].word);
  return word < source.size() ? std::string(source[word].text) : "";
}

TEST(Alignment, BeginsAtTheBeginningAndFollowsACopy) {
  EXPECT_EQ(next_word("She goes to school.", ""), "She");
  EXPECT_EQ(next_word("She goes to school.", "She goes"), "to");
  EXPECT_EQ(next_word("She goes to school.", "She goes to school."), "");
}

TEST(Alignment, FollowsWordsThatWereReplacedDroppedAndInserted) {
  EXPECT_EQ(next_word("She go to school every day.", "She went"), "to");
  EXPECT_EQ(next_word("She go to the school every day.", "She went to school"), "every");
  EXPECT_EQ(next_word("She go to school every day.", "She very big went to"), "school");
  EXPECT_EQ(next_word("She likes it why.", "She likes it,"), "why")
      << "a mark is inserted, no word replaced by it";
}

TEST(Alignment, ComparesTextsNotTokens) {
  EXPECT_EQ(next_word("The tecnologies are new.", "The technologies"), "are");
  EXPECT_EQ(next_word("the house was old", "The"), "house");
  EXPECT_EQ(next_word("It was in side the house", "It was inside"), "the") << "two words became one";
}

TEST(Alignment, KnowsOtherPlacesToo) {
  EXPECT_EQ(next_word("She go to school.", "She however"), "to");
  EXPECT_EQ(next_word("She go to school.", "She however", 1), "go") << "inserted, not replaced";
}

TEST(Alignment, FindsItsWayBackAfterMuchThatIsNew) {
  EXPECT_EQ(next_word("She go to school every day and like the garden.",
                      "However why not very big big house red roses every day"),
            "and");
}

TEST(Alignment, CountsWhatWasCopiedInARow) {
  const Words source(toy_vocabulary().tokens("She goes to school every day"), toy_vocabulary());
  const Words output(toy_vocabulary().tokens("She went to school"), toy_vocabulary());
  EXPECT_EQ(align(source, output.all(), 1).places[0].copied, 2);
}

TEST(Alignment, KnowsThePlacesBeforeTheLastWord) {
  const Words source(toy_vocabulary().tokens("She goes to school every day"), toy_vocabulary());
  const Words output(toy_vocabulary().tokens("She goes to sch"), toy_vocabulary());
  ASSERT_FALSE(align(source, output.all(), 1).before_last.empty());
  EXPECT_EQ(align(source, output.all(), 1).before_last[0].word, 3) << "in front of school";
  EXPECT_TRUE(align(source, {}, 1).before_last.empty());
}

TEST(Alignment, TellsARewritingFromATextOfItsOwn) {
  const Words source(toy_vocabulary().tokens("She goes to school every day and likes the garden."),
                     toy_vocabulary());
  const auto odds = [&](std::string_view text) {
    const Words output(toy_vocabulary().tokens(text), toy_vocabulary());
    return align(source, output.all(), 1).rewriting_odds;
  };
  EXPECT_GT(odds("She went to school every day"), 1e4);
  EXPECT_LT(odds("However, red roses and a house full of friends"), 1e-2);
  EXPECT_EQ(odds(""), 1.0);
}

TEST(Alignment, KeepsItsPlaceInALongText) {
  std::string text;
  for (int i = 0; i < 300; ++i)
    text += i % 10 == 9 ? " word" + std::string(1, static_cast<char>('a' + i / 10 % 26)) : " the";
  const auto tokens = toy_vocabulary().tokens(text);
  const Words source(tokens, toy_vocabulary());
  const std::span<const TokenId> written(tokens.data(), static_cast<size_t>(source[195].first_token));
  const Words output(written, toy_vocabulary());
  EXPECT_EQ(align(source, output.all(), 1).places[0].word, 195);
}

TEST(Alignment, ChancesOfPlacesAreAtMostOneTogetherAndTheLikeliestIsFirst) {
  const Words source(toy_vocabulary().tokens("She goes to the big old house and the garden."),
                     toy_vocabulary());
  const Words output(toy_vocabulary().tokens("She likes the garden and the"), toy_vocabulary());
  const Alignment alignment = align(source, output.all(), 4);
  float sum = 0.0f, last = 1.0f;
  for (const Place& place : alignment.places) {
    EXPECT_LE(place.chance, last);
    last = place.chance;
    sum += place.chance;
  }
  EXPECT_LE(sum, 1.0f + 1e-5f);
  EXPECT_TRUE(align(Words({}, toy_vocabulary()), output.all(), 4).places.size() == 1u)
      << "an empty source has its end";
}

}  // namespace
}  // namespace riposte::drafting
