#include "tokenizer/pre_tokenizer.h"

#include <gtest/gtest.h>
#include <utf8proc.h>

#include <random>

#include "tokenizer/reference_cases.h"
#include "tokenizer/toy_models.h"

namespace riposte::tokenizer {
namespace {

std::vector<size_t> ends_of(const PreTokenizer& pre_tokenizer, std::string_view text) {
  std::vector<size_t> ends;
  for (size_t at = 0; at < text.size();) {
    at = pre_tokenizer.end_of(text, at);
    ends.push_back(at);
  }
  return ends;
}

TEST(PreTokenizer, SplitsWhereTheHuggingFaceTokenizerDoes) {
  std::ifstream lines(data_path("pre_tokens.jsonl"));
  size_t cases = 0;
  for (std::string line; std::getline(lines, line); ++cases) {
    const boost::json::object expected = boost::json::parse(line).as_object();
    const std::string name(expected.at("pre").as_string());
    const std::string text(expected.at("text").as_string());
    const auto kind = find_pre_tokenizer(name);
    ASSERT_TRUE(kind) << kind.error().message;
    EXPECT_EQ(ends_of(PreTokenizer(kind->pattern), text),
              boost::json::value_to<std::vector<size_t>>(expected.at("ends")))
        << name << ": " << text;
  }
  EXPECT_GT(cases, 400u);
}

TEST(PreTokenizer, CoversAnyBytesWithoutGaps) {
  std::mt19937 random(1);
  for (const char* name : {"gpt-2", "smollm", "qwen2", "llama-bpe"}) {
    const PreTokenizer pre_tokenizer(find_pre_tokenizer(name)->pattern);
    for (int round = 0; round < 2000; ++round) {
      std::string bytes(1 + random() % 12, '\0');
      for (char& byte : bytes)
        byte = static_cast<char>(random() % 2 ? random() : " '\n1sS\xC3\xA9"[random() % 8]);
      size_t before = 0;
      for (const size_t end : ends_of(pre_tokenizer, bytes)) {
        ASSERT_GT(end, before);
        before = end;
      }
      EXPECT_EQ(before, bytes.size());
    }
  }
}

TEST(PreTokenizer, NamesTheSupportedOnesWhenAskedForAnother) {
  const auto unknown = find_pre_tokenizer("no-such");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::kUnsupported);
  for (const char* name : {"no-such", "gpt-2", "smollm", "qwen2", "llama-bpe"}) {
    EXPECT_NE(unknown.error().message.find(name), std::string::npos) << name;
  }
}

TEST(UnicodeClasses, AgreeWithTheCategoriesOfUtf8proc) {
  const UnicodeClasses& classes = UnicodeClasses::get();
  for (utf8proc_int32_t c = 0; c < 0x110000; ++c) {
    const auto category = utf8proc_category(c);
    if (category == UTF8PROC_CATEGORY_CN) continue;  // not assigned in the version of utf8proc
    const bool is_letter = category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
    const bool is_number = category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO;
    EXPECT_EQ((classes[c] & kLetter) != 0, is_letter) << std::hex << c;
    EXPECT_EQ((classes[c] & kNumber) != 0, is_number) << std::hex << c;
    EXPECT_EQ((classes[c] & kDigit) != 0, is_number) << std::hex << c;
  }
}

TEST(UnicodeClasses, HaveTheTwentyFiveSpacesOfUnicode) {
  std::vector<char32_t> spaces;
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (UnicodeClasses::get()[c] & kSpace) spaces.push_back(c);
  }
  const std::vector<char32_t> expected = {
      0x9,    0xA,    0xB,    0xC,    0xD,    0x20,   0x85,   0xA0,   0x1680, 0x2000, 0x2001, 0x2002, 0x2003,
      0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000};
  EXPECT_EQ(spaces, expected);
}

}  // namespace
}  // namespace riposte::tokenizer
