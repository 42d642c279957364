// What drafting asks of a tokenizer, so that drafters run without one in tests.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/token.h"
#include "tokenizer/tokenizer.h"

namespace riposte::drafting {

// Thread-safe.
class Vocabulary {
 public:
  virtual ~Vocabulary() = default;
  virtual int32_t size() const = 0;
  // What a token stands for; empty for control tokens and ids that do not exist. Valid as long as the
  // vocabulary.
  virtual std::string_view bytes(TokenId token) const = 0;
  // Appends the tokens of a piece of text that stands inside a text (nothing is put in front of it).
  virtual void encode(std::string_view text, std::vector<TokenId>& out) const = 0;
  virtual TokenId end() const = 0;  // the token that ends an answer; kNoToken: ends are not guessed
};

// The tokenizer must outlive it.
class TokenizerVocabulary final : public Vocabulary {
 public:
  TokenizerVocabulary(const tokenizer::Tokenizer& tokenizer, TokenId end)
      : tokenizer_(tokenizer), end_(end) {}
  int32_t size() const override { return static_cast<int32_t>(tokenizer_.vocabulary_size()); }
  std::string_view bytes(TokenId token) const override { return tokenizer_.token_bytes(token); }
  void encode(std::string_view text, std::vector<TokenId>& out) const override {
    tokenizer_.encode_into(text, out);
  }
  TokenId end() const override { return end_; }

 private:
  const tokenizer::Tokenizer& tokenizer_;
  TokenId end_;
};

}  // namespace riposte::drafting
