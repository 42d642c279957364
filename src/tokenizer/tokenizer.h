// Text to token ids and back, for the tokenisers that GGUF files carry: byte-level BPE ("gpt2") and
// SentencePiece BPE with byte fallback ("llama").
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/token.h"
#include "gguf/file.h"
#include "tokenizer/marked_text.h"

namespace riposte::tokenizer {

// Thread-safe after construction. Keeps no reference to the file.
class Tokenizer {
 public:
  // Errors: kCorrupt (missing or contradictory metadata), kUnsupported (a tokeniser model or pre-tokeniser
  // that Riposte does not know, named together with those it does).
  static Result<Tokenizer> from_gguf(const gguf::File& file);

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  // Plain text: control tokens written out in it stay text; user-defined tokens are matched. No BOS or EOS is
  // added. Any bytes are accepted; what is not UTF-8 becomes U+FFFD for the pre-tokeniser's purposes but
  // keeps its bytes.
  std::vector<TokenId> encode(std::string_view text) const;
  // A rendered prompt: control tokens are matched inside trusted ranges only.
  std::vector<TokenId> encode(const MarkedText& text) const;
  // Appends to `out` instead, for callers that reuse memory.
  void encode_into(std::string_view text, std::vector<TokenId>& out) const;

  // The bytes of one token as text. Control tokens are empty unless `with_control`. Out-of-range ids are
  // empty.
  std::string_view token_bytes(TokenId token, bool with_control = false) const;
  // Whole sequences. Invalid UTF-8 in the result is kept as the bytes that the tokens stand for.
  std::string decode(std::span<const TokenId> tokens, bool with_control = false) const;

  std::optional<TokenId> find(std::string_view token) const;  // by its exact written form in the vocabulary
  size_t vocabulary_size() const;
  TokenId bos() const;  // kNoToken if the model has none
  TokenId eos() const;
  bool adds_bos() const;  // the model wants BOS before every prompt that does not begin with it
  // Encoding puts a space before the text, and decode() takes it off again: whoever shows an answer token by
  // token drops the first space of its first token.
  bool strips_first_space() const;
  bool is_end(
      TokenId token) const;  // any token that ends an answer (eos, eot, <|im_end|>, <end_of_turn>, ...)
  bool is_control(TokenId token) const;  // control tokens and the unknown token

 private:
  struct State;
  explicit Tokenizer(std::unique_ptr<const State> state);
  std::unique_ptr<const State> state_;
};

// Bytes in, whole characters out: holds back an incomplete UTF-8 sequence until it is complete, and replaces
// what can no longer become valid by U+FFFD. One per answer.
class Utf8Stream {
 public:
  // Appends `bytes` and returns all text that is certain by now.
  std::string push(std::string_view bytes);
  // The end: whatever is still held back can only be broken.
  std::string finish();

 private:
  std::string pending_;
};

}  // namespace riposte::tokenizer
