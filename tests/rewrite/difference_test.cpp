#include "rewrite/difference.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace riposte::rewrite {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// "go>goes form" for each edit.
std::vector<std::string> shown(const std::string& source, const std::string& result) {
  std::vector<std::string> lines;
  for (const Edit& edit : difference(source, result)) {
    lines.push_back(source.substr(edit.source.begin, edit.source.end - edit.source.begin) + ">" +
                    result.substr(edit.result.begin, edit.result.end - edit.result.begin) + " " +
                    std::string(name_of(edit.category)));
  }
  return lines;
}

TEST(Difference, EqualTextsHaveNoEdits) {
  EXPECT_THAT(difference("", ""), IsEmpty());
  EXPECT_THAT(difference("The same, twice.", "The same, twice."), IsEmpty());
}

TEST(Difference, WordsAreChangedAsAWhole) {
  EXPECT_THAT(shown("She go to school.", "She goes to school."), ElementsAre("go>goes form"));
  EXPECT_THAT(shown("I dont know.", "I don't know."), ElementsAre("dont>don't form"));
  EXPECT_THAT(shown("It costs 3.5 euros.", "It costs 3.6 euros."), ElementsAre("3.5>3.6 form"));
}

TEST(Difference, NeighboursThatChangeWordForWordStayApart) {
  EXPECT_THAT(shown("The informations was good.", "The information were good."),
              ElementsAre("informations>information form", "was>were wording"));
}

TEST(Difference, OtherNeighboursAreOneChange) {
  EXPECT_THAT(shown("We meet in the evening.", "We meet at night."),
              ElementsAre("in the evening>at night wording"));
}

TEST(Difference, EveryCategoryIsFound) {
  EXPECT_THAT(shown("a  b", "a b"), ElementsAre("  >  spacing"));
  EXPECT_THAT(shown("Hello Anna", "Hello, Anna"), ElementsAre(">, punctuation"));
  EXPECT_THAT(shown("in paris", "in Paris"), ElementsAre("paris>Paris case"));
  EXPECT_THAT(shown("in \u00e4rger", "in \u00c4rger"), ElementsAre("\u00e4rger>\u00c4rger case"));
  EXPECT_THAT(shown("a big house", "a huge house"), ElementsAre("big>huge wording"));
}

TEST(Difference, TheKindSaysWhatHappened) {
  EXPECT_EQ(difference("a c", "a b c").at(0).kind, EditKind::kInsert);
  EXPECT_EQ(difference("a b c", "a c").at(0).kind, EditKind::kDelete);
  EXPECT_EQ(difference("a b c", "a d c").at(0).kind, EditKind::kReplace);
}

TEST(Difference, AnEditIsToldWhenTheResultIsBackAtTheSource) {
  Difference growing("She go to school every day of the week.");
  std::vector<Edit> edits;
  growing.push("She goes to school ", edits);
  EXPECT_THAT(edits, IsEmpty()) << "who knows what comes";
  growing.push("every day of", edits);
  ASSERT_EQ(edits.size(), 1u);
  EXPECT_EQ(edits[0].result, (ByteRange{4, 8}));
  growing.push(" the week.", edits);
  growing.finish(edits);
  EXPECT_EQ(edits.size(), 1u);
}

TEST(Difference, TextsWithoutAnythingInCommonAreOneEdit) {
  std::string source, result;
  for (int i = 0; i < 3000; ++i) {
    source += fmt::format("a{} ", i);
    result += fmt::format("b{}\n", i);
  }
  const auto edits = difference(source, result);
  EXPECT_EQ(edits.size(), 1u);
  EXPECT_EQ(apply(source, result, edits), result);
}

class RandomText {
 public:
  explicit RandomText(uint32_t seed) : random_(seed) {}

  size_t below(size_t bound) { return std::uniform_int_distribution<size_t>(0, bound - 1)(random_); }
  std::string piece() {
    static const std::vector<std::string> kPieces = {
        "a",  "b",  "the",    "go", "goes", "don't", "3.5", ",",      ".",    " ",    " ",   " ",   " ",
        "  ", "\n", "\u00fc", "-",  "'",    "\"",    "Go",  "\u20ac", "\xff", "\xc3", "x.y", "8:30"};
    return kPieces[below(kPieces.size())];
  }
  std::vector<std::string> text() {
    std::vector<std::string> pieces(below(40));
    for (std::string& one : pieces) one = piece();
    return pieces;
  }
  void change(std::vector<std::string>& pieces) {
    for (size_t i = below(6); i > 0 && !pieces.empty(); --i) {
      const auto at = pieces.begin() + static_cast<ptrdiff_t>(below(pieces.size()));
      if (below(3) == 0) {
        pieces.erase(at);
      } else if (below(2) == 0) {
        *at = piece();
      } else {
        pieces.insert(at, piece());
      }
    }
  }

 private:
  std::mt19937 random_;
};

std::string joined(const std::vector<std::string>& pieces) {
  std::string text;
  for (const std::string& piece : pieces) text += piece;
  return text;
}

TEST(Difference, TheEditsMakeTheResultOfTheSourceForAnyTexts) {
  for (uint32_t seed = 0; seed < 3000; ++seed) {
    RandomText random(seed);
    std::vector<std::string> pieces = random.text();
    const std::string source = joined(pieces);
    random.change(pieces);
    const std::string result = seed % 7 == 0 ? joined(random.text()) : joined(pieces);
    const auto edits = difference(source, result);
    ASSERT_EQ(apply(source, result, edits), result) << source << "\n---\n" << result;
    ASSERT_EQ(edits.empty(), source == result);
    for (size_t i = 0; i < edits.size(); ++i) {
      const Edit& edit = edits[i];
      ASSERT_NE(source.substr(edit.source.begin, edit.source.end - edit.source.begin),
                result.substr(edit.result.begin, edit.result.end - edit.result.begin));
      ASSERT_EQ(edit.kind == EditKind::kInsert, edit.source.begin == edit.source.end);
      ASSERT_EQ(edit.kind == EditKind::kDelete, edit.result.begin == edit.result.end);
      if (i > 0) {
        ASSERT_LT(edits[i - 1].source.end, edit.source.begin + 1);
        ASSERT_LT(edits[i - 1].result.end, edit.result.begin + 1);
      }
    }
  }
}

TEST(Difference, HoweverTheResultIsCutTheEditsAreTheSame) {
  for (uint32_t seed = 0; seed < 2000; ++seed) {
    RandomText random(seed);
    std::vector<std::string> pieces = random.text();
    const std::string source = joined(pieces);
    random.change(pieces);
    const std::string result = joined(pieces);
    Difference growing(source);
    std::vector<Edit> edits;
    for (size_t at = 0; at < result.size();) {
      size_t length = std::min(1 + random.below(9), result.size() - at);
      while (at + length < result.size() && (result[at + length] & 0xC0) == 0x80) ++length;
      const std::vector<Edit> before = edits;
      growing.push(result.substr(at, length), edits);
      ASSERT_TRUE(std::equal(before.begin(), before.end(), edits.begin())) << "a certain edit changed";
      at += length;
    }
    growing.finish(edits);
    ASSERT_EQ(edits, difference(source, result)) << source << "\n---\n" << result;
  }
}

}  // namespace
}  // namespace riposte::rewrite
