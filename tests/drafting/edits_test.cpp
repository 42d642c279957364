#include "drafting/edits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "toy_vocabulary.h"

namespace riposte::drafting {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<Edit> edits(std::string_view from, std::string_view to) {
  const Words source(toy_vocabulary().tokens(from), toy_vocabulary());
  const Words output(toy_vocabulary().tokens(to), toy_vocabulary());
  return edits_between(source, output);
}

TEST(Edits, ACopyHasNoneEvenWithOtherCapitals) {
  EXPECT_THAT(edits("She goes to school.", "She goes to school."), IsEmpty());
  EXPECT_THAT(edits("she goes to School.", "She goes to school."), IsEmpty());
  EXPECT_THAT(edits("", ""), IsEmpty());
}

TEST(Edits, FindsWordsReplacedPutInAndLeftOut) {
  EXPECT_THAT(edits("She go to school.", "She went to school."), ElementsAre(Edit{1, 2, 1, 2}));
  EXPECT_THAT(edits("She goes to school", "She goes to the school"), ElementsAre(Edit{3, 3, 3, 4}));
  EXPECT_THAT(edits("She goes to the school", "She goes to school"), ElementsAre(Edit{3, 4, 3, 3}));
  EXPECT_THAT(edits("However why", "However, why?"), ElementsAre(Edit{1, 1, 1, 2}, Edit{2, 2, 3, 4}));
}

TEST(Edits, SimilarWordsAreEditsOfTheirOwnOtherChangesThatTouchAreOne) {
  EXPECT_THAT(edits("The tecnologies are", "The technologies, are"),
              ElementsAre(Edit{1, 2, 1, 2}, Edit{2, 2, 2, 3}));
  EXPECT_THAT(edits("She likes red roses why", "She likes it very much why"), ElementsAre(Edit{2, 4, 2, 5}));
}

TEST(Edits, OneSideMayBeEmpty) {
  EXPECT_THAT(edits("", "red roses"), ElementsAre(Edit{0, 0, 0, 2}));
  EXPECT_THAT(edits("red roses", ""), ElementsAre(Edit{0, 2, 0, 0}));
}

TEST(Edits, TextsOfManyWordsAreLeftAlone) {
  std::string text;
  for (size_t i = 0; i <= kMostEditWords; ++i) text += " go";
  EXPECT_THAT(edits(text, "She"), IsEmpty());
}

}  // namespace
}  // namespace riposte::drafting
