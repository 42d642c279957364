// The tokens of a model as its GGUF file lists them: written form, type, and the bytes that each stands for.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/token.h"
#include "gguf/file.h"
#include "tokenizer/string_table.h"

namespace riposte::tokenizer {

// As in tokenizer.ggml.token_type.
enum class TokenType : uint8_t {
  kNormal = 1,
  kUnknown = 2,      // stands for what the vocabulary cannot spell
  kControl = 3,      // <|im_start|>: made by templates, never by a user's text
  kUserDefined = 4,  // added to the vocabulary; matched as a whole wherever it is written
  kUnused = 5,
  kByte = 6,  // <0x0A>: one byte, for characters that are not in a SentencePiece vocabulary
};

// How a written form stands for bytes.
enum class Spelling {
  kByteLevel,      // GPT-2: every byte is one printable character ("Ġ" is a space)
  kSentencePiece,  // UTF-8 with U+2581 for a space; <0x0A> for a byte
};

class Vocabulary {
 public:
  // Errors: kCorrupt (a missing list, lists of different lengths, a type that does not exist, two equal
  // tokens).
  static Result<Vocabulary> from_gguf(const gguf::File& file, Spelling spelling);

  size_t size() const { return types_.size(); }
  bool contains(TokenId id) const { return id >= 0 && static_cast<size_t>(id) < size(); }

  // `id` lies inside the vocabulary.
  TokenType type(TokenId id) const { return types_[static_cast<size_t>(id)]; }
  std::string_view written(TokenId id) const { return written_[static_cast<size_t>(id)]; }
  std::string_view bytes(TokenId id) const { return bytes_[static_cast<size_t>(id)]; }
  // Never part of an answer's text.
  bool is_control(TokenId id) const {
    return type(id) == TokenType::kControl || type(id) == TokenType::kUnknown;
  }
  // What a tokeniser may make out of plain text by itself.
  bool is_text(TokenId id) const { return !is_control(id) && type(id) != TokenType::kByte; }

  TokenId find(std::string_view written) const { return by_written_.find(written_, written); }

  // A table of the bytes of those tokens that `include` accepts; of several with the same bytes the first
  // one.
  template <class Include>
  StringTable index_bytes(const Include& include) const {
    StringTable table;
    table.reserve(size());
    for (TokenId id = 0; contains(id); ++id) {
      if (include(id)) table.insert(bytes_, id);
    }
    return table;
  }
  TokenId find_bytes(const StringTable& table, std::string_view bytes) const {
    return table.find(bytes_, bytes);
  }

 private:
  std::vector<TokenType> types_;
  StringPool written_;
  StringPool bytes_;
  StringTable by_written_;
};

}  // namespace riposte::tokenizer
