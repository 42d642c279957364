#include "rewrite/sentences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace riposte::rewrite {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> sentences(const std::string& text, std::string_view language = "en") {
  std::vector<std::string> found;
  for (const ByteRange& part : split_sentences(text, language)) {
    found.push_back(text.substr(part.begin, part.end - part.begin));
  }
  return found;
}

TEST(Sentences, EndWithTheirSigns) {
  EXPECT_THAT(sentences("I am. You are! Is she? Well… They?!  "),
              ElementsAre("I am.", "You are!", "Is she?", "Well…", "They?!"));
  EXPECT_THAT(sentences("One without an end"), ElementsAre("One without an end"));
  EXPECT_THAT(sentences(" \n\t"), IsEmpty());
  EXPECT_THAT(sentences(""), IsEmpty());
}

TEST(Sentences, AbbreviationsInitialsAndNumbersDoNotEndThem) {
  EXPECT_THAT(sentences("Dr. Smith met J. R. Jones at 3.30 p.m. He paid 4.50. Fine."),
              ElementsAre("Dr. Smith met J. R. Jones at 3.30 p.m. He paid 4.50.", "Fine."));
  EXPECT_THAT(sentences("Use tools, e.g. Make, etc. See www.example.org. Then go."),
              ElementsAre("Use tools, e.g. Make, etc. See www.example.org.", "Then go."));
  EXPECT_THAT(sentences("It was 1999. She came."), ElementsAre("It was 1999.", "She came."));
}

TEST(Sentences, GermanOrdinalsAndAbbreviationsGoOn) {
  EXPECT_THAT(sentences("Am 3. Mai kam z. B. Frau Dr. Meier. Es regnete bzw. Schnee fiel. Ende.", "de"),
              ElementsAre("Am 3. Mai kam z. B. Frau Dr. Meier.", "Es regnete bzw. Schnee fiel.", "Ende."));
  EXPECT_THAT(sentences("He won 3. She won 5.", "en"), ElementsAre("He won 3.", "She won 5."));
}

TEST(Sentences, QuotesAndBracketsBelongToTheSentenceThatTheyClose) {
  EXPECT_THAT(sentences("\"Go!\" He went. (It rained.) »Ach?« Ja."),
              ElementsAre("\"Go!\"", "He went.", "(It rained.)", "»Ach?«", "Ja."));
  EXPECT_THAT(sentences("\"Really?\" he asked. „Nein.“ Sie ging."),
              ElementsAre("\"Really?\" he asked.", "„Nein.“", "Sie ging."));
}

TEST(Sentences, EmptyLinesAndItemsOfListsBeginNewOnes) {
  EXPECT_THAT(sentences("A title\n\nA line that\ngoes on. End"),
              ElementsAre("A title", "A line that\ngoes on.", "End"));
  EXPECT_THAT(sentences("Buy:\n- milk\n- eggs\n1. Bake\n2) Eat"),
              ElementsAre("Buy:", "- milk", "- eggs", "1. Bake", "2) Eat"));
}

TEST(Sentences, NothingOfATextIsLostWhateverItIs) {
  std::mt19937 random(5);
  const std::vector<std::string> pieces = {"Mr", ".",  " ",     "\n",   "a",    "B", "!",  "?",
                                           "\"", "ü",  "…",     "\xFF", "\xC3", "3", "- ", "“",
                                           ")",  "\t", "z. B.", "\r\n", "end",  "(", "»"};
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (unsigned i = random() % 24; i > 0; --i) text += pieces[random() % pieces.size()];
    size_t at = 0;
    for (const ByteRange& part : split_sentences(text, round % 2 == 0 ? "en" : "de")) {
      ASSERT_LT(part.begin, part.end) << text;
      ASSERT_EQ(text.substr(at, part.begin - at).find_first_not_of(" \t\r\n"), std::string::npos) << text;
      ASSERT_EQ(text.substr(part.begin, 1).find_first_of(" \t\r\n"), std::string::npos) << text;
      ASSERT_EQ(text.substr(part.end - 1, 1).find_first_of(" \t\r\n"), std::string::npos) << text;
      at = part.end;
    }
    ASSERT_EQ(text.substr(at).find_first_not_of(" \t\r\n"), std::string::npos) << text;
  }
}

TEST(Sentences, NeighboursAreJoinedWhereThereAreTooMany) {
  const std::string text = "One. Two. Three. Four. Five.";
  auto parts = split_sentences(text, "en");
  join_parts(parts, 9);
  EXPECT_EQ(parts.size(), 5u);
  join_parts(parts, 2);
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(text.substr(parts[0].begin, parts[0].end - parts[0].begin), "One. Two. Three.");
  EXPECT_EQ(parts[1].end, text.size());
}

}  // namespace
}  // namespace riposte::rewrite
