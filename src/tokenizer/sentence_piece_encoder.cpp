#include "tokenizer/sentence_piece_encoder.h"

#include <bit>
#include <cmath>
#include <string>

#include "tokenizer/utf8.h"

namespace riposte::tokenizer {
namespace {

constexpr std::string_view kSpaceMark = "\u2581";

// An unsigned number that is the smaller, the higher the score; never kNoRank. `score` is a number.
uint32_t rank_of(float score) {
  const auto bits = std::bit_cast<uint32_t>(score + 0.0f);  // -0 becomes 0
  const uint32_t ascending = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
  return ~ascending;
}

}  // namespace

SentencePieceEncoder::SentencePieceEncoder(const Vocabulary& vocabulary, bool adds_space)
    : vocabulary_(vocabulary), adds_space_(adds_space) {
  // A token with a literal space in it (an added one) is never merged to: text has space marks in their
  // place.
  mergeable_ = vocabulary.index_bytes([&](TokenId id) {
    return vocabulary.is_text(id) && vocabulary.written(id).find(' ') == std::string_view::npos;
  });
  for (size_t c = 0; c < ascii_.size(); ++c) {
    const char character = static_cast<char>(c);
    ascii_[c] = vocabulary.find_bytes(mergeable_, {&character, 1});
  }
  byte_tokens_.fill(kNoToken);
  size_t bytes_found = 0;
  for (TokenId id = 0; vocabulary.contains(id); ++id) {
    const std::string_view bytes = vocabulary.bytes(id);
    if (vocabulary.type(id) == TokenType::kByte) {
      TokenId& token = byte_tokens_[static_cast<uint8_t>(bytes[0])];
      if (token == kNoToken) ++bytes_found;
      token = id;
    } else if (vocabulary.find_bytes(mergeable_, bytes) == id) {
      for (size_t i = 1; i < bytes.size(); ++i) {
        if (bytes[i] == ' ') joins_space_[static_cast<uint8_t>(bytes[i - 1])] = true;
      }
    }
  }
  if (bytes_found != byte_tokens_.size()) byte_tokens_.fill(kNoToken);
}

Result<std::unique_ptr<const Encoder>> SentencePieceEncoder::from_gguf(const gguf::File& file,
                                                                       const Vocabulary& vocabulary,
                                                                       bool adds_space) {
  const auto scores = file.get_floats("tokenizer.ggml.scores");
  if (!scores) return pass_on(scores);
  if (scores->size() != vocabulary.size()) {
    return fail(ErrorCode::kCorrupt,
                "tokenizer.ggml.scores should have one entry for each of {} tokens, but has {}",
                vocabulary.size(), scores->size());
  }
  std::unique_ptr<SentencePieceEncoder> encoder(new SentencePieceEncoder(vocabulary, adds_space));
  encoder->ranks_.reserve(scores->size());
  for (size_t i = 0; i < scores->size(); ++i) {
    if (std::isnan((*scores)[i])) {
      return fail(ErrorCode::kCorrupt, "token {} has a score in tokenizer.ggml.scores that is not a number",
                  i);
    }
    encoder->ranks_.push_back(rank_of((*scores)[i]));
  }
  for (TokenId id = 0; vocabulary.contains(id) && encoder->unknown_ == kNoToken; ++id) {
    if (vocabulary.type(id) == TokenType::kUnknown) encoder->unknown_ = id;
  }
  if (encoder->byte_tokens_[0] == kNoToken && encoder->unknown_ == kNoToken) {
    return fail(ErrorCode::kCorrupt,
                "the vocabulary cannot spell every text: it should have the 256 byte tokens (type 6) or an "
                "unknown token "
                "(type 2), but has neither");
  }
  return encoder;
}

void SentencePieceEncoder::encode(std::string_view stretch, std::vector<TokenId>& out) const {
  std::string changed;
  if (adds_space_ || stretch.find(kSpaceMark) != std::string_view::npos) {
    if (adds_space_) changed.push_back(' ');
    for (size_t at = 0; at < stretch.size();) {  // a space mark in the text is a space like any other
      const size_t mark = std::min(stretch.find(kSpaceMark, at), stretch.size());
      changed.append(stretch, at, mark - at);
      if (mark < stretch.size()) changed.push_back(' ');
      at = mark + kSpaceMark.size();
    }
    stretch = changed;
  }
  size_t begin = 0;
  for (size_t at = 1; at < stretch.size(); ++at) {
    if (stretch[at] != ' ' || !may_cut_before_space(stretch[at - 1])) continue;
    encode_segment(stretch.substr(begin, at - begin), out);
    begin = at;
  }
  encode_segment(stretch.substr(begin), out);
}

size_t SentencePieceEncoder::split(std::string_view segment, std::span<Symbol> symbols) const {
  size_t count = 0;
  for (uint32_t at = 0; at < segment.size();) {
    const Utf8Character character = read_utf8(segment, at);
    TokenId id = kNoToken;
    if (character.code_point < ascii_.size()) {
      id = ascii_[character.code_point];
    } else if (character.valid) {
      id = vocabulary_.find_bytes(mergeable_, segment.substr(at, character.length));
    }
    symbols[count++] = {id, at};
    at += character.length;
  }
  symbols[count] = {kNoToken, static_cast<uint32_t>(segment.size())};
  return count;
}

void SentencePieceEncoder::encode_segment(std::string_view segment, std::vector<TokenId>& out) const {
  std::array<Symbol, kShortWordSymbols + 1> short_symbols;
  std::vector<Symbol> long_symbols;
  std::span<Symbol> symbols = short_symbols;
  if (segment.size() > kShortWordSymbols) {
    long_symbols.resize(segment.size() + 1);
    symbols = long_symbols;
  }
  size_t count = split(segment, symbols);
  const auto find_merge = [&](const Symbol& left, const Symbol& right, uint32_t end) -> Merge {
    if (left.id == kNoToken || right.id == kNoToken) return {};
    const TokenId merged = vocabulary_.find_bytes(mergeable_, segment.substr(left.begin, end - left.begin));
    if (merged == kNoToken) return {};
    return {ranks_[static_cast<size_t>(merged)], merged};
  };
  count = merge_symbols(symbols.first(count + 1), find_merge);
  bool after_unknown = false;
  for (size_t i = 0; i < count; ++i) {
    const bool is_unknown = symbols[i].id == kNoToken;
    if (is_unknown) {
      const uint32_t begin = symbols[i].begin;
      append_unknown(segment.substr(begin, symbols[i + 1].begin - begin), after_unknown, out);
    } else {
      out.push_back(symbols[i].id);
    }
    after_unknown = is_unknown;
  }
}

void SentencePieceEncoder::append_unknown(std::string_view character, bool after_unknown,
                                          std::vector<TokenId>& out) const {
  if (byte_tokens_[0] == kNoToken) {
    if (!after_unknown) out.push_back(unknown_);  // a run of unknown characters is one unknown token
    return;
  }
  for (const char byte : character) out.push_back(byte_tokens_[static_cast<uint8_t>(byte)]);
}

}  // namespace riposte::tokenizer
