// What a GGUF file says about its tokeniser, right and wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <map>

#include "tokenizer/toy_models.h"

namespace riposte::tokenizer {
namespace {

using Strings = std::vector<std::string_view>;
using Ints = std::vector<int32_t>;
using Floats = std::vector<float>;
using Fields = std::map<std::string, gguf::Value>;

Fields byte_level() {
  return {{"model", std::string_view("gpt2")},
          {"pre", std::string_view("gpt-2")},
          {"tokens", gguf::Array(Strings{"a", "b", "ab", "<|im_end|>", "<tool>", "</s>"})},
          {"token_type", gguf::Array(Ints{1, 1, 1, 3, 4, 4})},
          {"merges", gguf::Array(Strings{"a b"})},
          {"eos_token_id", uint32_t{3}}};
}

Fields sentence_piece() {
  return {{"model", std::string_view("llama")},
          {"tokens", gguf::Array(Strings{"<unk>", "<s>", "</s>", "a", "b", "ab", "\u2581"})},
          {"token_type", gguf::Array(Ints{2, 3, 3, 1, 1, 1, 1})},
          {"scores", gguf::Array(Floats{0, 0, 0, -2, -3, -1, -4})},
          {"bos_token_id", uint32_t{1}},
          {"eos_token_id", uint32_t{2}}};
}

Result<Tokenizer> load_fields(const Fields& fields) {
  gguf::Writer writer;
  for (const auto& [key, value] : fields) {
    const auto set = writer.set("tokenizer.ggml." + key, value);
    EXPECT_TRUE(set) << set.error().message;
  }
  return load(writer);
}

Fields with(Fields fields, const std::string& key, gguf::Value value) {
  fields.insert_or_assign(key, std::move(value));
  return fields;
}

Fields without(Fields fields, const std::string& key) {
  fields.erase(key);
  return fields;
}

void expect_refused(const Fields& fields, ErrorCode code, const char* said) {
  const auto tokenizer = load_fields(fields);
  ASSERT_FALSE(tokenizer) << "expected an error about " << said;
  EXPECT_EQ(tokenizer.error().code, code) << tokenizer.error().message;
  EXPECT_THAT(tokenizer.error().message, testing::HasSubstr(said));
}

TEST(Metadata, OfTheSmallestVocabulariesIsEnough) {
  const auto bytes = load_fields(byte_level());
  ASSERT_TRUE(bytes) << bytes.error().message;
  EXPECT_EQ(bytes->encode("abba"), (std::vector<TokenId>{2, 1, 0}));
  const auto pieces = load_fields(sentence_piece());
  ASSERT_TRUE(pieces) << pieces.error().message;
  EXPECT_EQ(pieces->encode("abba"), (std::vector<TokenId>{6, 5, 4, 3}));
}

TEST(Metadata, ThatIsMissingIsNamed) {
  for (const char* key : {"model", "pre", "tokens", "token_type", "merges"}) {
    expect_refused(without(byte_level(), key), ErrorCode::kCorrupt, key);
  }
  for (const char* key : {"model", "tokens", "token_type", "scores"}) {
    expect_refused(without(sentence_piece(), key), ErrorCode::kCorrupt, key);
  }
}

TEST(Metadata, OfTheWrongKindIsNamed) {
  for (const char* key :
       {"model", "pre", "tokens", "token_type", "merges", "eos_token_id", "add_bos_token"}) {
    expect_refused(with(byte_level(), key, 1.5), ErrorCode::kCorrupt, key);
  }
  expect_refused(with(sentence_piece(), "scores", gguf::Array(Strings{"1"})), ErrorCode::kCorrupt, "scores");
  expect_refused(with(sentence_piece(), "add_space_prefix", uint32_t{1}), ErrorCode::kCorrupt,
                 "add_space_prefix");
}

TEST(Metadata, ListsMustBeOfOneLength) {
  expect_refused(with(byte_level(), "token_type", gguf::Array(Ints{1, 1})), ErrorCode::kCorrupt,
                 "token_type");
  expect_refused(with(sentence_piece(), "scores", gguf::Array(Floats{1})), ErrorCode::kCorrupt, "scores");
  expect_refused(
      with(with(byte_level(), "tokens", gguf::Array(Strings{})), "token_type", gguf::Array(Ints{})),
      ErrorCode::kCorrupt, "tokens");
}

TEST(Metadata, TokenTypesAreOneToSix) {
  for (const int32_t type : {0, 7, -1}) {
    expect_refused(with(byte_level(), "token_type", gguf::Array(Ints{1, 1, 1, 3, 4, type})),
                   ErrorCode::kCorrupt, "type");
  }
}

TEST(Metadata, EqualTokensAreRefused) {
  expect_refused(with(byte_level(), "tokens", gguf::Array(Strings{"a", "b", "ab", "x", "y", "b"})),
                 ErrorCode::kCorrupt, "tokens 1 and 5");
}

TEST(Metadata, MergesMustNameTokens) {
  for (const char* merge : {"a c", "c b", "b a"}) {
    expect_refused(with(byte_level(), "merges", gguf::Array(Strings{"a b", merge})), ErrorCode::kCorrupt,
                   merge);
  }
  for (const char* merge : {"", " ", "ab", "a ", " b"}) {
    expect_refused(with(byte_level(), "merges", gguf::Array(Strings{merge})), ErrorCode::kCorrupt, "merge 0");
  }
}

TEST(Metadata, TokenIdsMustBeInTheVocabulary) {
  for (const char* key : {"bos_token_id", "eos_token_id", "eot_token_id", "eom_token_id"}) {
    expect_refused(with(byte_level(), key, uint32_t{6}), ErrorCode::kCorrupt, key);
    expect_refused(with(byte_level(), key, int32_t{-1}), ErrorCode::kCorrupt, key);
  }
}

TEST(Metadata, ScoresMustBeNumbers) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  expect_refused(with(sentence_piece(), "scores", gguf::Array(Floats{0, 0, 0, 0, nan, 0, 0})),
                 ErrorCode::kCorrupt, "token 4");
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(
      load_fields(with(sentence_piece(), "scores", gguf::Array(Floats{0, 0, 0, infinity, 0, -infinity, 0}))));
}

TEST(Metadata, ByteTokensMustNameAByte) {
  for (const char* token : {"<0x0>", "<0xGG>", "<0x0A", "0x0A", "<0x+1>", ""}) {
    expect_refused(with(with(sentence_piece(), "token_type", gguf::Array(Ints{2, 3, 3, 1, 1, 1, 6})),
                        "tokens", gguf::Array(Strings{"<unk>", "<s>", "</s>", "a", "b", "ab", token})),
                   ErrorCode::kCorrupt, "token 6");
  }
}

TEST(Metadata, AVocabularyThatCannotSpellEveryTextIsRefused) {
  expect_refused(with(sentence_piece(), "token_type", gguf::Array(Ints{1, 3, 3, 1, 1, 1, 1})),
                 ErrorCode::kCorrupt, "unknown");
}

TEST(Metadata, UnknownTokenisersAreNamedWithTheKnown) {
  expect_refused(with(byte_level(), "model", std::string_view("bert")), ErrorCode::kUnsupported, "gpt2");
  expect_refused(with(byte_level(), "pre", std::string_view("default")), ErrorCode::kUnsupported,
                 "llama-bpe");
}

TEST(UnknownCharacters, AreOneUnknownTokenForARunWhereThereAreNoByteTokens) {
  const auto tokenizer = load_fields(sentence_piece());
  ASSERT_TRUE(tokenizer);
  EXPECT_EQ(tokenizer->encode("axyzb"), (std::vector<TokenId>{6, 3, 0, 4}));
}

TEST(Merges, NeverMakeAControlTokenFromPlainText) {
  const auto tokenizer = load_fields(with(byte_level(), "token_type", gguf::Array(Ints{1, 1, 3, 3, 4, 4})));
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ(tokenizer->encode("ab"), (std::vector<TokenId>{0, 1}));
  const auto pieces =
      load_fields(with(sentence_piece(), "token_type", gguf::Array(Ints{2, 3, 3, 1, 1, 3, 1})));
  ASSERT_TRUE(pieces) << pieces.error().message;
  EXPECT_EQ(pieces->encode("ab"), (std::vector<TokenId>{6, 3, 4}));
}

TEST(EndTokens, AreThoseTheFileNamesAndControlTokensOfKnownNames) {
  const auto tokenizer =
      load_fields(with(without(byte_level(), "eos_token_id"), "eot_token_id", uint32_t{4}));
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ(tokenizer->eos(), kNoToken);
  EXPECT_TRUE(tokenizer->is_end(3));   // <|im_end|>
  EXPECT_TRUE(tokenizer->is_end(4));   // named by the file
  EXPECT_FALSE(tokenizer->is_end(5));  // </s> is user-defined here
  EXPECT_FALSE(tokenizer->is_end(0));
}

TEST(Bos, IsAddedAsTheFileSaysOrAsTheKindOfTokeniserHasIt) {
  EXPECT_FALSE(load_fields(byte_level())->adds_bos());
  EXPECT_TRUE(load_fields(sentence_piece())->adds_bos());
  EXPECT_EQ(load_fields(sentence_piece())->bos(), 1);
  EXPECT_FALSE(load_fields(with(sentence_piece(), "add_bos_token", false))->adds_bos());
  EXPECT_FALSE(load_fields(without(sentence_piece(), "bos_token_id"))->adds_bos());
  const Fields llama3 =
      with(with(byte_level(), "pre", std::string_view("llama-bpe")), "bos_token_id", uint32_t{3});
  EXPECT_TRUE(load_fields(llama3)->adds_bos());
}

TEST(Find, TakesTheWrittenForm) {
  const Tokenizer tokenizer = load_toy("toy_gpt_2");
  const TokenId newline = *tokenizer.find("Ċ");
  EXPECT_EQ(tokenizer.token_bytes(newline), "\n");
  EXPECT_FALSE(tokenizer.find("\n").has_value());
}

}  // namespace
}  // namespace riposte::tokenizer
