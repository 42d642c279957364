#include <gtest/gtest.h>

#include <random>

#include "tokenizer/tokenizer.h"
#include "tokenizer/utf8.h"

namespace riposte::tokenizer {
namespace {

std::string stream_whole(std::string_view bytes) {
  Utf8Stream stream;
  std::string text = stream.push(bytes);
  return text + stream.finish();
}

TEST(Utf8Stream, HoldsACharacterBackUntilItIsComplete) {
  Utf8Stream stream;
  EXPECT_EQ(stream.push("a\xF0"), "a");
  EXPECT_EQ(stream.push("\x9F\x9A"), "");
  EXPECT_EQ(stream.push("\xA2!"), "🚢!");
  EXPECT_EQ(stream.finish(), "");
}

TEST(Utf8Stream, ReplacesWhatCanNoLongerBecomeACharacter) {
  Utf8Stream stream;
  EXPECT_EQ(stream.push("\xE6\xB0"), "");
  EXPECT_EQ(stream.push("x"), "\uFFFDx");
  EXPECT_EQ(stream.push("\xFF"), "\uFFFD");
  EXPECT_EQ(stream.push("\xC3"), "");
  EXPECT_EQ(stream.finish(), "\uFFFD");
  EXPECT_EQ(stream.finish(), "");
}

// The examples of the Unicode Standard, section 3.9 ("U+FFFD Substitution of Maximal Subparts"), tables 3-8
// to 3-11.
TEST(Utf8Stream, ReplacesMaximalSubpartsAsUnicodeRecommends) {
  const std::string r = "\uFFFD";
  EXPECT_EQ(stream_whole("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"), r + r + r + r + r + r + r + r + "A");
  EXPECT_EQ(stream_whole("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"), r + r + r + r + r + r + r + r + "A");
  EXPECT_EQ(stream_whole("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"), r + r + r + r + r + "A" + r + r + "B");
  EXPECT_EQ(stream_whole("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"), r + r + r + r + "A");
}

TEST(Utf8Stream, GivesTheSameTextHoweverTheBytesAreSplit) {
  std::mt19937 random(7);
  const std::string_view palette = "a\xC3\xA9\xE6\xB0\xB4\xF0\x9F\x9A\xA2\xED\xA0\x80\xF4\x90\xFF\xC0\x80";
  for (int round = 0; round < 5000; ++round) {
    std::string bytes(random() % 24, '\0');
    for (char& byte : bytes)
      byte = static_cast<char>(random() % 8 ? palette[random() % palette.size()] : random());
    const std::string whole = stream_whole(bytes);
    Utf8Stream stream;
    std::string text;
    for (size_t at = 0; at < bytes.size();) {
      const size_t length = random() % 4;
      const std::string piece = stream.push(std::string_view(bytes).substr(at, length));
      EXPECT_EQ(stream_whole(piece), piece);  // whole characters only
      text += piece;
      at += length;
    }
    text += stream.finish();
    EXPECT_EQ(text, whole);
  }
}

TEST(Utf8Stream, LeavesEveryUnicodeCharacterAsItIs) {
  std::string all;
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c < 0xD800 || c >= 0xE000) append_utf8(all, c);
  }
  EXPECT_EQ(stream_whole(all), all);
}

}  // namespace
}  // namespace riposte::tokenizer
