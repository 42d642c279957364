#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "tokenizer/reference_cases.h"
#include "tokenizer/toy_models.h"

namespace riposte::tokenizer {
namespace {

constexpr std::string_view kPalette = "ferry 12'\xC3\xA9\xE6\xB0\xB4\xF0\x9F\x9A\xA2\xFF\n";

std::string random_bytes(std::mt19937& random, size_t longest, std::string_view palette = kPalette) {
  std::string bytes(random() % longest, '\0');
  for (char& byte : bytes)
    byte = static_cast<char>(random() % 8 ? palette[random() % palette.size()] : random());
  return bytes;
}

TEST(Decode, GivesBackAnyBytesThroughByteLevelBpe) {
  std::mt19937 random(5);
  for (const char* toy : {"toy_gpt_2", "toy_smollm", "toy_llama_bpe"}) {  // Qwen normalises
    const Tokenizer tokenizer = load_toy(toy);
    for (int round = 0; round < 1000; ++round) {
      const std::string bytes = random_bytes(random, 80);
      EXPECT_EQ(tokenizer.decode(tokenizer.encode(bytes)), bytes) << toy;
    }
  }
}

TEST(Decode, GivesBackAnyBytesThroughSentencePiece) {
  std::mt19937 random(6);
  // Two line breaks are a user-defined token of the toys, and behind such a token text gets a space of its
  // own again.
  const std::string_view one_line = kPalette.substr(0, kPalette.size() - 1);
  for (const char* toy : kSentencePieceToys) {
    const Tokenizer tokenizer = load_toy(toy);
    for (int round = 0; round < 1000; ++round) {
      const std::string bytes = random_bytes(random, 80, one_line);
      EXPECT_EQ(tokenizer.decode(tokenizer.encode(bytes)), bytes) << toy;
    }
  }
}

TEST(Decode, KeepsNulAndBrokenUtf8) {
  const std::string bytes("a\0b\xFF\xC3(\xED\xA0\x80", 9);
  for (const char* toy : kAllToys) {
    const Tokenizer tokenizer = load_toy(toy);
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(bytes)), bytes) << toy;
  }
}

TEST(Decode, TurnsSpaceMarksIntoSpacesAndByteTokensIntoBytes) {
  const Tokenizer tokenizer = load_toy("toy_sentence_piece_no_prefix");
  EXPECT_EQ(tokenizer.token_bytes(*tokenizer.find("\u2581")), " ");
  EXPECT_EQ(tokenizer.token_bytes(*tokenizer.find("<0x0A>")), "\n");
  EXPECT_EQ(tokenizer.token_bytes(*tokenizer.find("<0xFF>")), "\xFF");
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("\u2581a")), " a");
}

TEST(Decode, TakesOffTheSpaceThatEncodingPutBeforeTheText) {
  const Tokenizer with = load_toy("toy_sentence_piece");
  const Tokenizer without = load_toy("toy_sentence_piece_no_prefix");
  EXPECT_TRUE(with.strips_first_space());
  EXPECT_FALSE(without.strips_first_space());
  EXPECT_EQ(with.encode("the"), without.encode(" the"));
  EXPECT_EQ(with.decode(with.encode("the")), "the");
  EXPECT_EQ(with.decode(with.encode(" the")), " the");
  EXPECT_EQ(without.decode(without.encode(" the")), " the");
}

TEST(Decode, ShowsControlTokensOnlyWhenAsked) {
  const Tokenizer tokenizer = load_toy("toy_gpt_2");
  const TokenId end = *tokenizer.find("<|im_end|>");
  std::vector<TokenId> ids = tokenizer.encode("boat");
  ids.push_back(end);
  EXPECT_EQ(tokenizer.decode(ids), "boat");
  EXPECT_EQ(tokenizer.decode(ids, true), "boat<|im_end|>");
  EXPECT_EQ(tokenizer.token_bytes(end), "");
  EXPECT_EQ(tokenizer.token_bytes(end, true), "<|im_end|>");
}

TEST(Decode, IgnoresIdsThatAreNotInTheVocabulary) {
  const Tokenizer tokenizer = load_toy("toy_gpt_2");
  const auto size = static_cast<TokenId>(tokenizer.vocabulary_size());
  for (const TokenId id :
       {kNoToken, size, std::numeric_limits<TokenId>::min(), std::numeric_limits<TokenId>::max()}) {
    EXPECT_EQ(tokenizer.token_bytes(id, true), "");
    EXPECT_FALSE(tokenizer.is_end(id));
    EXPECT_FALSE(tokenizer.is_control(id));
    EXPECT_EQ(tokenizer.decode(std::vector{id}, true), "");
  }
}

TEST(Encode, AppendsToWhatIsThere) {
  const Tokenizer tokenizer = load_toy("toy_gpt_2");
  std::vector<TokenId> ids = {7};
  tokenizer.encode_into("boat", ids);
  std::vector<TokenId> expected = tokenizer.encode("boat");
  expected.insert(expected.begin(), 7);
  EXPECT_EQ(ids, expected);
}

TEST(Encode, TakesEmptyTexts) {
  for (const char* toy : kAllToys) {
    const Tokenizer tokenizer = load_toy(toy);
    EXPECT_TRUE(tokenizer.encode("").empty());
    EXPECT_TRUE(tokenizer.encode(MarkedText{}).empty());
  }
}

TEST(Encode, TakesAMegabyteOfAnything) {
  std::string sentences;
  while (sentences.size() < 1000000) sentences += "The ferry leaves at 9, isn't it? ";
  for (const char* toy : {"toy_llama_bpe", "toy_sentence_piece_no_prefix"}) {
    const Tokenizer tokenizer = load_toy(toy);
    for (const std::string& text : {sentences, std::string(1000000, 'a'), std::string(1000000, ' '),
                                    std::string(1000000, '\n'), std::string(1000000, '\xFF')}) {
      EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text) << toy;
    }
  }
}

}  // namespace
}  // namespace riposte::tokenizer
