#include "engine/answer_text.h"

#include <gtest/gtest.h>

#include <random>

#include "harness.h"

namespace riposte::engine {
namespace {

TEST(AnswerText, WithoutStopsEverythingComesAtOnce) {
  AnswerText text({});
  std::string out;
  EXPECT_FALSE(text.push("Hello", out));
  EXPECT_EQ(out, "Hello");
}

TEST(AnswerText, HoldsBackWhatMayBecomeAStop) {
  AnswerText text({"END"});
  std::string out;
  text.push("the E", out);
  EXPECT_EQ(out, "the ");
  text.push("N", out);
  EXPECT_EQ(out, "the ");
  text.push("T", out);
  EXPECT_EQ(out, "the ENT");
  text.push("EN", out);
  EXPECT_TRUE(text.push("D of it", out));
  EXPECT_EQ(out, "the ENT");
}

TEST(AnswerText, GivesOutWhatWasHeldBackAtTheEnd) {
  AnswerText text({"\n\n"});
  std::string out;
  text.push("line\n", out);
  EXPECT_EQ(out, "line");
  EXPECT_FALSE(text.finish(out));
  EXPECT_EQ(out, "line\n");
}

TEST(AnswerText, TheStopThatIsCompleteFirstWins) {
  std::string out;
  EXPECT_TRUE(AnswerText({"abcd", "bc"}).push("abcd", out));
  EXPECT_EQ(out, "a");
  out.clear();
  EXPECT_TRUE(AnswerText({"bc", "abc"}).push("abc", out));
  EXPECT_EQ(out, "") << "the longer one of two that end together";
}

TEST(AnswerText, ShowsWholeCharactersOnly) {
  AnswerText text({"x"});
  std::string out;
  text.push("\xE2\x82", out);
  EXPECT_EQ(out, "");
  text.push("\xAC\xC3", out);
  EXPECT_EQ(out, "€");
  text.finish(out);
  EXPECT_EQ(out, "€\xEF\xBF\xBD") << "a character that was never completed is replaced";
}

TEST(AnswerText, ABrokenEndCanCompleteAStop) {
  AnswerText text({"a\xEF\xBF\xBD"});
  std::string out;
  EXPECT_FALSE(text.push("ba\xC3", out));
  EXPECT_TRUE(text.finish(out));
  EXPECT_EQ(out, "b");
}

TEST(AnswerText, DoesNotDependOnWhereTokensEnd) {
  std::mt19937 random(3);
  const auto letters = [&random](size_t most) {
    std::string result;
    for (size_t i = 1 + random() % most; i > 0; --i) result += "ab"[random() % 2];
    return result;
  };
  for (int round = 0; round < 5000; ++round) {
    const std::string whole = letters(30);
    std::vector<std::string> stops;
    for (size_t i = random() % 4; i > 0; --i) stops.push_back(letters(7));
    const auto stop = stop_position(whole, stops);
    AnswerText text(stops);
    std::string out;
    bool stopped = false;
    for (size_t at = 0; at < whole.size() && !stopped;) {
      const size_t length = 1 + random() % 5;
      stopped = text.push(std::string_view(whole).substr(at, length), out);
      ASSERT_EQ(out, whole.substr(0, out.size()));
      at += length;
    }
    if (!stopped) stopped = text.finish(out);
    EXPECT_EQ(stopped, stop.has_value());
    EXPECT_EQ(out, whole.substr(0, stop.value_or(whole.size())));
  }
}

}  // namespace
}  // namespace riposte::engine
