#include "apps/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/byte_tokenizer.h"

namespace riposte::apps {
namespace {

using drafting::Origin;
using ::testing::HasSubstr;
using ::testing::Not;

const engine::Usage kUsage{.output_tokens = 10, .passes = 4, .drafted_tokens = 9, .accepted_tokens = 6};

std::vector<Piece> pieces() {
  return {{"He", 1, 1, Origin::kSource},        {" goes", 1, 1, std::nullopt},
          {" to the", 2, 2, Origin::kSource},   {" old", 1, 2, Origin::kHistory},
          {" school", 1, 2, std::nullopt},      {" every", 1, 3, std::nullopt},
          {" day.", 2, 4, Origin::kPrediction}, {"\n", 1, 4, Origin::kModel}};
}

std::vector<engine::TokenTrace> bytes_of(std::string_view text, int32_t guessed) {
  std::vector<engine::TokenTrace> trace;
  for (const char byte : text) {
    const auto index = static_cast<int32_t>(trace.size());
    trace.push_back({riposte::testing::kFirstByteToken + static_cast<unsigned char>(byte), 1 + index / 4,
                     Origin::kSource, index < guessed});
  }
  return trace;
}

TEST(Explain, NeighboursOfOnePassAndOriginAreOnePiece) {
  const auto tokenizer = riposte::testing::byte_tokenizer();
  const auto found = pieces_of(bytes_of("xabcdef", 6), tokenizer);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].text, "xabc");
  EXPECT_EQ(found[0].tokens, 4);
  EXPECT_EQ(found[0].pass, 1);
  EXPECT_EQ(found[0].origin, Origin::kSource);
  EXPECT_EQ(found[1].text, "de") << "the next pass";
  EXPECT_EQ(found[2].text, "f") << "computed";
  EXPECT_FALSE(found[2].origin);
  EXPECT_TRUE(pieces_of({}, tokenizer).empty());
}

TEST(Explain, ACharacterIsNeverTornApart) {
  const auto tokenizer = riposte::testing::byte_tokenizer();
  const auto found = pieces_of(bytes_of("aaa€b", 3), tokenizer);  // the euro sign: byte 3 to 5
  std::string all;
  for (const Piece& piece : found) {
    all += piece.text;
    EXPECT_TRUE(piece.text.find("€") != std::string::npos ||
                piece.text.find_first_not_of("ab") == std::string::npos);
  }
  EXPECT_EQ(all, "aaa€b");
  const auto broken = pieces_of(bytes_of("a\xE2\x82", 0), tokenizer);
  EXPECT_EQ(broken.back().text, "a\uFFFD");
}

TEST(Explain, PlainMarksStandAroundWords) {
  const std::string text = explain_plainly(pieces(), kUsage);
  EXPECT_THAT(text, HasSubstr("He [goes] to the {old} [school every] <day.>(\n)\n"));
  EXPECT_THAT(text, HasSubstr("unmarked"));
  EXPECT_THAT(text, HasSubstr("[marked]"));
  EXPECT_THAT(text, HasSubstr("10 tokens in 4 passes: 2.5 a pass; 6 of 9 guesses right\n"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(Explain, OnlyWhatOccursIsInTheLegend) {
  const std::vector<Piece> computed = {{"Hello", 1, 1, std::nullopt}};
  const std::string text = explain_plainly(computed, {.output_tokens = 1, .passes = 1});
  EXPECT_THAT(text, HasSubstr("[Hello]\n"));
  EXPECT_THAT(text, HasSubstr("computed (1)"));
  EXPECT_THAT(text, Not(HasSubstr("source")));
  EXPECT_THAT(text, HasSubstr("1 token in 1 pass: 1.0 a pass\n"));
}

// The text that a terminal shows.
std::string without_escapes(std::string_view text) {
  std::string shown;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {
      i = text.find('m', i);
    } else {
      shown += text[i];
    }
  }
  return shown;
}

TEST(Explain, TheStaircaseHasAStepForEachPass) {
  const std::string shown = without_escapes(explain_in_colours(pieces(), kUsage, 80));
  EXPECT_THAT(shown, HasSubstr("  He goes to the old school every day.\n"));
  EXPECT_THAT(shown, HasSubstr("  pass 1 He goes\n"
                               "  pass 2         to the old school\n"
                               "  pass 3                           every\n"
                               "  pass 4                                 day.⏎\n"));
  EXPECT_THAT(shown, HasSubstr("■ copied from the source 3"));
  EXPECT_THAT(shown, HasSubstr("■ computed 3"));
}

TEST(Explain, StepsThatWouldNotFitBeginAtTheLeft) {
  const std::string shown = without_escapes(explain_in_colours(pieces(), kUsage, 40));
  EXPECT_THAT(shown, HasSubstr("  pass 4  day.⏎\n"));
}

TEST(Explain, WhatAModelWritesCannotSteerTheTerminal) {
  const std::vector<Piece> nasty = {{"a\x1b[2Jb\x07\rc\n\td", 1, 1, std::nullopt}};
  for (const std::string& text :
       {explain_plainly(nasty, kUsage), without_escapes(explain_in_colours(nasty, kUsage, 80))}) {
    EXPECT_THAT(text, HasSubstr("a·[2Jb··c"));
    EXPECT_EQ(text.find_first_of("\x07\r\t\x1b"), std::string::npos);
  }
}

TEST(Explain, AnEmptyAnswerIsExplainedToo) {
  EXPECT_THAT(explain_plainly({}, {.passes = 1}), HasSubstr("0 tokens in 1 pass"));
  EXPECT_THAT(explain_in_colours({}, {.passes = 1}, 80), HasSubstr("0 tokens in 1 pass"));
}

}  // namespace
}  // namespace riposte::apps
