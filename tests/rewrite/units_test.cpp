#include "rewrite/units.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace riposte::rewrite {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> cut(std::string_view text) {
  std::vector<std::string> pieces;
  for (const Unit& unit : split_units(text)) pieces.emplace_back(unit.in(text));
  return pieces;
}

TEST(Units, AreWordsSpacesAndSigns) {
  EXPECT_THAT(cut("Hi, you!"), ElementsAre("Hi", ",", " ", "you", "!"));
  EXPECT_THAT(cut(" \n\ta"), ElementsAre(" \n\t", "a"));
  EXPECT_THAT(cut(""), ElementsAre());
}

TEST(Units, ApostrophesAndHyphensInsideBelongToTheWord) {
  EXPECT_THAT(cut("don't well-known rock'n'roll"),
              ElementsAre("don't", " ", "well-known", " ", "rock'n'roll"));
  EXPECT_THAT(cut("don\u2019t"), ElementsAre("don\u2019t"));
  EXPECT_THAT(cut("'a' -b"), ElementsAre("'", "a", "'", " ", "-", "b"));
}

TEST(Units, PointsAndCommasInsideBelongToNumbersOnly) {
  EXPECT_THAT(cut("3.5 1,000 12:30"), ElementsAre("3.5", " ", "1,000", " ", "12:30"));
  EXPECT_THAT(cut("end.Begin 3. x"), ElementsAre("end", ".", "Begin", " ", "3", ".", " ", "x"));
}

TEST(Units, BytesThatAreNotUtf8AreSigns) {
  EXPECT_THAT(cut("a\xff\xc3z"), ElementsAre("a", "\xff", "\xc3", "z"));
}

TEST(Units, LettersOfEveryScriptMakeWords) {
  EXPECT_THAT(cut("Stra\u00dfe \u043f\u0440\u0438\u0432\u0435\u0442"),
              ElementsAre("Stra\u00dfe", " ", "\u043f\u0440\u0438\u0432\u0435\u0442"));
}

TEST(Units, CharactersAreCountedNotBytes) {
  EXPECT_EQ(count_characters("a\u00e4\u20ac\U0001F600"), 4u);
}

}  // namespace
}  // namespace riposte::rewrite
