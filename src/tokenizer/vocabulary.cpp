#include "tokenizer/vocabulary.h"

#include <charconv>
#include <limits>
#include <optional>
#include <string>

#include "tokenizer/byte_characters.h"

namespace riposte::tokenizer {
namespace {

constexpr std::string_view kSpaceMark = "\u2581";

// "<0x0A>" is the byte 10.
std::optional<uint8_t> parse_byte_token(std::string_view written) {
  if (written.size() != 6 || !written.starts_with("<0x") || written.back() != '>') return std::nullopt;
  uint8_t byte = 0;
  const char* end = written.data() + 5;
  const auto [stop, error] = std::from_chars(written.data() + 3, end, byte, 16);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return byte;
}

void append_with_spaces(std::string_view written, std::string& out) {
  for (size_t at = 0; at < written.size();) {
    const size_t mark = std::min(written.find(kSpaceMark, at), written.size());
    out.append(written, at, mark - at);
    if (mark == written.size()) return;
    out.push_back(' ');
    at = mark + kSpaceMark.size();
  }
}

// What a token stands for, into `out`. False: a byte token that names no byte.
bool spell(std::string_view written, TokenType type, Spelling spelling, std::string& out) {
  out.clear();
  if (type == TokenType::kByte) {
    const std::optional<uint8_t> byte = parse_byte_token(written);
    if (byte) out.push_back(static_cast<char>(*byte));
    return byte.has_value();
  }
  const bool literal = type == TokenType::kControl || type == TokenType::kUnknown;
  if (spelling == Spelling::kSentencePiece && !literal) {
    append_with_spaces(written, out);
  } else if (spelling == Spelling::kByteLevel && (type == TokenType::kNormal || type == TokenType::kUnused)) {
    append_bytes_of(written, out);
  } else {
    out.append(written);
  }
  return true;
}

}  // namespace

Result<Vocabulary> Vocabulary::from_gguf(const gguf::File& file, Spelling spelling) {
  const auto tokens = file.get_strings("tokenizer.ggml.tokens");
  if (!tokens) return pass_on(tokens);
  const auto types = file.get_ints("tokenizer.ggml.token_type");
  if (!types) return pass_on(types);
  if (tokens->empty() || tokens->size() > static_cast<size_t>(std::numeric_limits<TokenId>::max())) {
    return fail(ErrorCode::kCorrupt, "tokenizer.ggml.tokens should list 1 to {} tokens, but lists {}",
                std::numeric_limits<TokenId>::max(), tokens->size());
  }
  if (types->size() != tokens->size()) {
    return fail(ErrorCode::kCorrupt,
                "tokenizer.ggml.token_type should have one entry for each of {} tokens, but has {}",
                tokens->size(), types->size());
  }

  size_t total_bytes = 0;
  for (const std::string_view token : *tokens) total_bytes += token.size();
  Vocabulary vocabulary;
  vocabulary.types_.reserve(tokens->size());
  vocabulary.written_.reserve(tokens->size(), total_bytes);
  vocabulary.bytes_.reserve(tokens->size(), total_bytes);
  vocabulary.by_written_.reserve(tokens->size());
  std::string bytes;
  for (size_t i = 0; i < tokens->size(); ++i) {
    const std::string_view written = (*tokens)[i];
    const int32_t type = (*types)[i];
    if (type < static_cast<int32_t>(TokenType::kNormal) || type > static_cast<int32_t>(TokenType::kByte)) {
      return fail(ErrorCode::kCorrupt, "token {} has type {} in tokenizer.ggml.token_type; types are 1 to 6",
                  i, type);
    }
    vocabulary.types_.push_back(static_cast<TokenType>(type));
    if (!spell(written, vocabulary.types_.back(), spelling, bytes)) {
      return fail(ErrorCode::kCorrupt,
                  "token {} has the type of a byte (6), but '{}' is not of the form <0x0A>", i, written);
    }
    vocabulary.written_.add(written);
    vocabulary.bytes_.add(bytes);
    const TokenId same = vocabulary.by_written_.insert(vocabulary.written_, static_cast<TokenId>(i));
    if (same != kNoToken) {
      return fail(ErrorCode::kCorrupt, "tokens {} and {} in tokenizer.ggml.tokens are both '{}'", same, i,
                  written);
    }
  }
  return vocabulary;
}

}  // namespace riposte::tokenizer
