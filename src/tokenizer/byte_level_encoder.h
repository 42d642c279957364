// Byte-level BPE, as GPT-2 introduced it: pre-tokens, each byte a symbol, merges from a ranked list.
#pragma once

#include <array>
#include <memory>

#include "base/result.h"
#include "gguf/file.h"
#include "tokenizer/encoder.h"
#include "tokenizer/merge_table.h"
#include "tokenizer/pre_tokenizer.h"
#include "tokenizer/vocabulary.h"

namespace riposte::tokenizer {

class ByteLevelEncoder : public Encoder {
 public:
  // `vocabulary` must outlive the encoder. Errors: kCorrupt (no list of merges; a merge of tokens that do not
  // exist).
  static Result<std::unique_ptr<const Encoder>> from_gguf(const gguf::File& file,
                                                          const Vocabulary& vocabulary,
                                                          const PreTokenizerKind& kind);

  // A byte that has no token of its own is left out, as the Hugging Face tokenizer does (SmolLM2 lacks 21:
  // bytes that UTF-8 never has, six control characters, and the first bytes of planes without characters).
  void encode(std::string_view stretch, std::vector<TokenId>& out) const override;

 private:
  ByteLevelEncoder(const Vocabulary& vocabulary, const PreTokenizerKind& kind, size_t merges);
  Result<void> add_merge(std::string_view line, uint32_t rank);
  void encode_word(std::string_view word, std::vector<TokenId>& out) const;

  const Vocabulary& vocabulary_;
  PreTokenizerKind kind_;
  PreTokenizer pre_tokenizer_;
  std::array<TokenId, 256> byte_tokens_;
  MergeTable merges_;
  StringTable whole_words_;
};

}  // namespace riposte::tokenizer
