// SentencePiece BPE (Kudo and Richardson 2018, https://arxiv.org/abs/1808.06226): each character a symbol,
// spaces as U+2581, merges into whatever token of the vocabulary scores highest, bytes for characters that
// have no token.
#pragma once

#include <array>
#include <memory>

#include "base/result.h"
#include "gguf/file.h"
#include "tokenizer/bpe.h"
#include "tokenizer/encoder.h"
#include "tokenizer/vocabulary.h"

namespace riposte::tokenizer {

class SentencePieceEncoder : public Encoder {
 public:
  // `vocabulary` must outlive the encoder. `adds_space`: a space is put before every stretch (as in Llama 2).
  // Errors: kCorrupt (scores missing, of another length or not numbers; neither all bytes nor an unknown
  // token).
  static Result<std::unique_ptr<const Encoder>> from_gguf(const gguf::File& file,
                                                          const Vocabulary& vocabulary, bool adds_space);

  void encode(std::string_view stretch, std::vector<TokenId>& out) const override;

 private:
  explicit SentencePieceEncoder(const Vocabulary& vocabulary, bool adds_space);
  void encode_segment(std::string_view segment, std::vector<TokenId>& out) const;
  // Splits a segment into characters; returns how many, without the sentinel.
  size_t split(std::string_view segment, std::span<Symbol> symbols) const;
  void append_unknown(std::string_view character, bool after_unknown, std::vector<TokenId>& out) const;
  bool may_cut_before_space(char before) const { return !joins_space_[static_cast<uint8_t>(before)]; }

  const Vocabulary& vocabulary_;
  bool adds_space_;
  StringTable mergeable_;                 // by bytes: the tokens that plain text can become
  std::vector<uint32_t> ranks_;           // per token: the higher its score, the lower
  std::array<TokenId, 128> ascii_;        // tokens of single characters, kNoToken if there is none
  std::array<TokenId, 256> byte_tokens_;  // <0x00> to <0xFF>, all kNoToken if any is missing
  TokenId unknown_ = kNoToken;
  // joins_space_[b]: some mergeable token has a space after byte b. Text can be cut between any other byte
  // and a space: no merge crosses there, and short segments merge much faster than a whole text.
  std::array<bool, 256> joins_space_{};
};

}  // namespace riposte::tokenizer
