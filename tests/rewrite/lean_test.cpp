#include "rewrite/lean.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace riposte::rewrite {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> parts_of(std::string_view text, const LeanRules& rules = {}, size_t most = 64) {
  std::vector<std::string> parts;
  for (const auto& [begin, end] : prose_of(text, rules, most)) parts.emplace_back(text.substr(begin, end - begin));
  return parts;
}

LeanRules only(std::string_view names) {
  return *parse_lean_rules(names);
}

TEST(Lean, WhiteSpaceAroundATextIsNotRead) {
  EXPECT_THAT(parts_of("  one\n two \n"), ElementsAre("one\n two"));
  EXPECT_THAT(parts_of("  one\n two \n", only("none")), ElementsAre("  one\n two \n"));
}

TEST(Lean, QuotedLinesAreNotRewritten) {
  const std::string text = "> He go.\r\n> Yes.\r\nI agrees.\r\n> And so?\r\nYes yes.\r\n";
  EXPECT_THAT(parts_of(text), ElementsAre("I agrees.", "Yes yes."));
  EXPECT_THAT(parts_of(text, only("edges")).size(), 1u);
  EXPECT_THAT(parts_of("a > b\n"), ElementsAre("a > b"));
}

TEST(Lean, TheSignatureBeginsWithTheLastOfItsLines) {
  EXPECT_THAT(parts_of("Hi.\n-- \nfirst\n-- \nAnna\nExample Ltd\n"), ElementsAre("Hi.\n-- \nfirst"));
  EXPECT_THAT(parts_of("Hi.\n--\nnot one\n"), ElementsAre("Hi.\n--\nnot one"));
  EXPECT_THAT(parts_of("Hi.\n-- \nAnna\n", only("edges,quotes")), ElementsAre("Hi.\n-- \nAnna"));
}

TEST(Lean, FencedCodeIsNotProse) {
  EXPECT_THAT(parts_of("Look:\n```cpp\nint i = 1;\n> 2\n```\nIt work.\n"), ElementsAre("Look:", "It work."));
  EXPECT_THAT(parts_of("A\n~~~~\nx\n~~~\n```\n~~~~~ \nB"), ElementsAre("A", "B")) << "a fence is closed by its like";
  EXPECT_THAT(parts_of("A\n```\nto the end"), ElementsAre("A"));
  EXPECT_THAT(parts_of("A ``` B\n    ```\nC"), ElementsAre("A ``` B\n    ```\nC")) << "neither is a fence";
}

TEST(Lean, ATextThatIsNothingElseIsRewrittenAsAWhole) {
  EXPECT_THAT(parts_of("> He go.\n"), ElementsAre("> He go."));
  EXPECT_THAT(parts_of("-- \nAnna"), ElementsAre("-- \nAnna"));
  EXPECT_THAT(parts_of("a\n> b\nc\n> d\ne", {}, 2), ElementsAre("a\n> b\nc\n> d\ne")) << "too many parts";
}

TEST(Lean, AnInstructionLosesOnlyWhiteSpaceThatNobodySees) {
  EXPECT_EQ(lean_instruction("\n  Correct this.  \r\n\n\n\n  - keep names\t\n  - be brief\n\n", {}),
            "Correct this.\n\n  - keep names\n  - be brief");
  EXPECT_EQ(lean_instruction(" as it is \n", only("edges")), " as it is \n");
  EXPECT_EQ(lean_instruction("", {}), "");
  EXPECT_EQ(lean_instruction(" \n ", {}), "");
}

TEST(Lean, RulesAreNamedOrRefused) {
  EXPECT_EQ(only("all"), LeanRules());
  EXPECT_EQ(only("code"), (LeanRules{false, false, false, false, true}));
  EXPECT_EQ(only("edges,instruction,quotes,signature,code"), LeanRules());
  for (const char* wrong : {"", "speed", "edges,", "all,edges"}) EXPECT_FALSE(parse_lean_rules(wrong)) << wrong;
}

TEST(Lean, PartsAreInOrderWithoutOverlapsWhateverTheText) {
  std::mt19937 random(3);
  constexpr std::string_view kPieces[] = {"> ", "\n", "-- ", "```", "~~~", "a b.", " ", "\r\n", "\xC3", "\t"};
  for (int round = 0; round < 2000; ++round) {
    std::string text = "x";
    for (int i = 0; i < 12; ++i) text += kPieces[random() % std::size(kPieces)];
    LeanRules rules;
    for (const LeanRule& each : kLeanRules) rules.*each.rule = random() % 2 == 0;
    size_t reached = 0;
    const auto parts = prose_of(text, rules, 1 + random() % 4);
    EXPECT_FALSE(parts.empty());
    for (const auto& [begin, end] : parts) {
      ASSERT_LE(reached, begin);
      ASSERT_LT(begin, end);
      ASSERT_LE(end, text.size());
      reached = end;
    }
  }
}

}  // namespace
}  // namespace riposte::rewrite
