#include "drafting/as_written.h"

#include <gtest/gtest.h>

#include <random>

namespace riposte::drafting {
namespace {

TEST(AsWritten, TakesSpacesAwayInFrontOfMarks) {
  EXPECT_EQ(as_written("The cat sat , looked ; and left . "), "The cat sat, looked; and left.");
  EXPECT_EQ(as_written("Really ? Yes ! At 5 % ..."), "Really? Yes! At 5%...");
}

TEST(AsWritten, ClosesUpContractions) {
  EXPECT_EQ(as_written("She does n't know what they 're doing , and it 's late"),
            "She doesn't know what they're doing, and it's late");
}

TEST(AsWritten, SetsBracketsAndQuotationMarksAgainstTheirWords) {
  EXPECT_EQ(as_written("He said `` no '' ( twice ) ."), "He said \"no\" (twice).");
  EXPECT_EQ(as_written("A \" word \" and another \" one \" ."), "A \"word\" and another \"one\".");
  EXPECT_EQ(as_written("Rome -LRB- Italy -RRB- ."), "Rome (Italy).");
}

TEST(AsWritten, BeginsWithACapital) {
  EXPECT_EQ(as_written("  because it rained"), "Because it rained");
  EXPECT_EQ(as_written("élan"), "élan");
}

TEST(AsWritten, LeavesCarefulTextAsItIs) {
  for (const char* text :
       {"She said: \"It's 5 o'clock (or so).\"", "A - B, 3.5 and 1,000; x*y", "Zeile eins\nZeile zwei"})
    EXPECT_EQ(as_written(text), text);
  EXPECT_EQ(as_written("one \n two"), "One\ntwo");
}

TEST(AsWritten, AnyBytesAreTakenAndNothingGrows) {
  EXPECT_EQ(as_written(""), "");
  EXPECT_EQ(as_written(" \n \t "), "");
  std::mt19937 random(3);
  const std::string_view letters = " \n\t.,'\"`()ab nX\xff\xc3\xa4\0-";
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    while (random() % 20 != 0) text += letters[random() % letters.size()];
    EXPECT_LE(as_written(text).size(), text.size());
  }
}

}  // namespace
}  // namespace riposte::drafting
