#include "rewrite/facts.h"

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

std::vector<std::string> found(const std::string& text, std::string_view language = "en") {
  std::vector<std::string> facts;
  for (const Fact& fact : find_facts(text, language)) {
    facts.push_back(std::string(name_of(fact.kind)) + " " +
                    text.substr(fact.where.begin, fact.where.end - fact.where.begin));
  }
  return facts;
}

std::vector<std::string> concerns(const std::string& source, const std::string& result,
                                  std::string_view language = "en") {
  std::vector<std::string> told;
  for (const Concern& concern : compare_facts(source, result, language)) {
    const std::string& text = concern.added ? result : source;
    told.push_back(fmt::format("{}{}", concern.added ? '+' : '-',
                               text.substr(concern.where.begin, concern.where.end - concern.where.begin)));
  }
  return told;
}

TEST(Facts, NumbersAreFoundWithTheirSeparators) {
  EXPECT_THAT(found("at 12:30 we pay 1,000.50 or 3."),
              ElementsAre("number 12:30", "number 1,000.50", "number 3"));
  EXPECT_THAT(found("the b2b and x64 thing"), IsEmpty());
}

TEST(Facts, LinksEndBeforeTheSentenceDoes) {
  EXPECT_THAT(found("see https://example.org/a?b=1. or (www.example.org), ask me@example.org!"),
              ElementsAre("link https://example.org/a?b=1", "link www.example.org", "link me@example.org"));
  EXPECT_THAT(found("@home and a@b"), IsEmpty());
}

TEST(Facts, PlaceholdersOfCommonKindsAreFound) {
  EXPECT_THAT(
      found("dear {name}, {{ day }} ${PRICE} %s %1$d %(who)s <b>now</b>"),
      ElementsAre("placeholder {name}", "placeholder {{ day }}", "placeholder ${PRICE}", "placeholder %s",
                  "placeholder %1$d", "placeholder %(who)s", "placeholder <b>", "placeholder </b>"));
  EXPECT_THAT(found("50% sure, a < b > c, {} and {\n}"), ElementsAre("number 50"));
}

TEST(Facts, NamesAreCapitalWordsInsideASentence) {
  EXPECT_THAT(found("Yesterday Anna met Bob's friend. They talked, I listened."),
              ElementsAre("name Anna", "name Bob"));
  EXPECT_THAT(found("NATO and McDonald said"), ElementsAre("name NATO", "name McDonald"));
  EXPECT_THAT(found("THIS IS LOUD"), IsEmpty());
}

TEST(Facts, NounsAreNoNamesInGerman) {
  EXPECT_THAT(found("Gestern war der Hund der NATO im Haus.", "de"), ElementsAre("name NATO"));
}

TEST(Facts, WhatSurvivesIsNoConcern) {
  EXPECT_THAT(
      concerns("on monday Anna pay 1,000 to me@example.org", "On Monday, Anna paid 1000 to me@example.org."),
      IsEmpty());
  EXPECT_THAT(concerns("I told Anna that Anna must go", "I told Anna that she must go."), IsEmpty());
}

TEST(Facts, WhatIsLostOrMadeUpIsTold) {
  EXPECT_THAT(concerns("we met Anna at 5 and at 5", "we met her at 5 and at 6"),
              ElementsAre("-Anna", "-5", "+6"));
  EXPECT_THAT(concerns("dear {name}", "dear {names} at http://x.org"),
              ElementsAre("-{name}", "+{names}", "+http://x.org"));
}

TEST(Facts, AnyBytesGiveFactsInOrderThatDoNotOverlap) {
  const std::string alphabet = "aB1{}%s<>@. ,:/\n\xc3\xa4\xffhttp://www.";
  std::mt19937 random(1);
  for (int round = 0; round < 3000; ++round) {
    std::string text(random() % 40, ' ');
    for (char& byte : text) byte = alphabet[random() % alphabet.size()];
    size_t end = 0;
    for (const Fact& fact : find_facts(text, round % 2 ? "en" : "de")) {
      ASSERT_LE(end, fact.where.begin);
      ASSERT_LT(fact.where.begin, fact.where.end);
      end = fact.where.end;
    }
    ASSERT_LE(end, text.size());
    ASSERT_THAT(compare_facts(text, text, "en"), IsEmpty()) << text;
  }
}

}  // namespace
}  // namespace riposte::rewrite
