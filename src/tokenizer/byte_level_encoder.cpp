#include "tokenizer/byte_level_encoder.h"

#include <string>

#include "tokenizer/byte_characters.h"
#include "tokenizer/normalize.h"
#include "tokenizer/utf8.h"

namespace riposte::tokenizer {

ByteLevelEncoder::ByteLevelEncoder(const Vocabulary& vocabulary, const PreTokenizerKind& kind, size_t merges)
    : vocabulary_(vocabulary), kind_(kind), pre_tokenizer_(kind.pattern), merges_(merges) {
  std::string character;
  for (size_t byte = 0; byte < 256; ++byte) {
    character.clear();
    append_utf8(character, kByteCharacters[byte]);
    const TokenId id = vocabulary.find(character);
    byte_tokens_[byte] = id != kNoToken && vocabulary.is_text(id) ? id : kNoToken;
  }
  if (kind.whole_words) {
    whole_words_ =
        vocabulary.index_bytes([&](TokenId id) { return vocabulary.type(id) == TokenType::kNormal; });
  }
}

Result<std::unique_ptr<const Encoder>> ByteLevelEncoder::from_gguf(const gguf::File& file,
                                                                   const Vocabulary& vocabulary,
                                                                   const PreTokenizerKind& kind) {
  const auto merges = file.get_strings("tokenizer.ggml.merges");
  if (!merges) return pass_on(merges);
  if (merges->size() >= kNoRank) {
    return fail(ErrorCode::kCorrupt, "tokenizer.ggml.merges lists {} merges, more than there can be",
                merges->size());
  }
  std::unique_ptr<ByteLevelEncoder> encoder(new ByteLevelEncoder(vocabulary, kind, merges->size()));
  for (size_t rank = 0; rank < merges->size(); ++rank) {
    if (const auto added = encoder->add_merge((*merges)[rank], static_cast<uint32_t>(rank)); !added) {
      return pass_on(added);
    }
  }
  return encoder;
}

Result<void> ByteLevelEncoder::add_merge(std::string_view line, uint32_t rank) {
  const size_t space = line.find(' ', 1);
  if (space == std::string_view::npos) {
    return fail(ErrorCode::kCorrupt,
                "merge {} in tokenizer.ggml.merges should be two tokens with a space between, but is '{}'",
                rank, line);
  }
  const std::string_view left_text = line.substr(0, space);
  const std::string_view right_text = line.substr(space + 1);
  const TokenId left = vocabulary_.find(left_text);
  const TokenId right = vocabulary_.find(right_text);
  const TokenId merged = vocabulary_.find(std::string(left_text).append(right_text));
  if (left == kNoToken || right == kNoToken || merged == kNoToken) {
    return fail(ErrorCode::kCorrupt,
                "merge {} in tokenizer.ggml.merges is '{}', but {} is not in the vocabulary", rank, line,
                left == kNoToken    ? "its first token"
                : right == kNoToken ? "its second token"
                                    : "the two together");
  }
  // Whatever a file says, plain text does not merge into a control token.
  if (vocabulary_.is_text(merged)) merges_.insert(left, right, {rank, merged});
  return {};
}

void ByteLevelEncoder::encode(std::string_view stretch, std::vector<TokenId>& out) const {
  std::string normalized;
  if (kind_.normalizes) stretch = to_nfc(stretch, normalized);
  for (size_t begin = 0; begin < stretch.size();) {
    const size_t end = pre_tokenizer_.end_of(stretch, begin);
    encode_word(stretch.substr(begin, end - begin), out);
    begin = end;
  }
}

void ByteLevelEncoder::encode_word(std::string_view word, std::vector<TokenId>& out) const {
  if (kind_.whole_words) {
    const TokenId whole = vocabulary_.find_bytes(whole_words_, word);
    if (whole != kNoToken) return out.push_back(whole);
  }
  std::array<Symbol, kShortWordSymbols + 1> short_symbols;
  std::vector<Symbol> long_symbols;
  std::span<Symbol> symbols = short_symbols;
  if (word.size() > kShortWordSymbols) {
    long_symbols.resize(word.size() + 1);
    symbols = long_symbols;
  }
  size_t count = 0;
  for (const char byte : word) {
    const TokenId id = byte_tokens_[static_cast<uint8_t>(byte)];
    if (id != kNoToken) symbols[count++] = {id, 0};
  }
  symbols[count] = {kNoToken, 0};
  const auto find_merge = [this](const Symbol& left, const Symbol& right, uint32_t) {
    return merges_.find(left.id, right.id);
  };
  count = merge_symbols(symbols.first(count + 1), find_merge);
  for (size_t i = 0; i < count; ++i) out.push_back(symbols[i].id);
}

}  // namespace riposte::tokenizer
