#include "tokenizer/tokenizer.h"

#include <algorithm>
#include <utility>

#include "tokenizer/added_tokens.h"
#include "tokenizer/byte_level_encoder.h"
#include "tokenizer/encoder.h"
#include "tokenizer/end_tokens.h"
#include "tokenizer/pre_tokenizer.h"
#include "tokenizer/sentence_piece_encoder.h"
#include "tokenizer/vocabulary.h"

namespace riposte::tokenizer {

struct Tokenizer::State {
  explicit State(Vocabulary the_vocabulary) : vocabulary(std::move(the_vocabulary)), added(vocabulary) {}

  void encode(std::string_view text, std::span<const ByteRange> trusted, std::vector<TokenId>& out) const;

  const Vocabulary vocabulary;
  const AddedTokens added;
  std::unique_ptr<const Encoder> encoder;
  TokenId bos = kNoToken;
  TokenId eos = kNoToken;
  bool adds_bos = false;
  bool strips_first_space = false;
  std::vector<TokenId> end_tokens;  // sorted
};

namespace {

Result<bool> get_bool_or(const gguf::File& file, std::string_view key, bool otherwise) {
  if (file.find(key) == nullptr) return otherwise;
  return file.get_bool(key);
}

void encode_stretch(const Encoder& encoder, std::string_view stretch, std::vector<TokenId>& out) {
  while (!stretch.empty()) {
    const std::string_view part = stretch.substr(0, kLongestStretchBytes);
    encoder.encode(part, out);
    stretch.remove_prefix(part.size());
  }
}

}  // namespace

void Tokenizer::State::encode(std::string_view text, std::span<const ByteRange> trusted,
                              std::vector<TokenId>& out) const {
  size_t stretch_begin = 0;
  auto range = trusted.begin();
  for (size_t at = 0; at < text.size();) {
    while (range != trusted.end() && range->end <= at) ++range;
    const bool is_trusted = range != trusted.end() && range->begin <= at;
    const AddedTokens::Match match = added.match(text, at, is_trusted ? range->end : at);
    if (match.length == 0) {
      ++at;
      continue;
    }
    encode_stretch(*encoder, text.substr(stretch_begin, at - stretch_begin), out);
    out.push_back(match.id);
    at += match.length;
    stretch_begin = at;
  }
  encode_stretch(*encoder, text.substr(stretch_begin), out);
}

Result<Tokenizer> Tokenizer::from_gguf(const gguf::File& file) {
  const auto model = file.get_string("tokenizer.ggml.model");
  if (!model) return pass_on(model);
  const bool is_byte_level = *model == "gpt2";
  if (!is_byte_level && *model != "llama") {
    return fail(ErrorCode::kUnsupported,
                "tokeniser model '{}' (tokenizer.ggml.model) is not supported; supported are gpt2 "
                "(byte-level BPE), llama "
                "(SentencePiece BPE)",
                *model);
  }
  PreTokenizerKind kind{.adds_bos = true};  // SentencePiece has no pre-tokeniser; its models begin with BOS
  if (is_byte_level) {
    const auto name = file.get_string("tokenizer.ggml.pre");
    if (!name) return pass_on(name);
    const auto known = find_pre_tokenizer(*name);
    if (!known) return pass_on(known);
    kind = *known;
  }
  auto vocabulary =
      Vocabulary::from_gguf(file, is_byte_level ? Spelling::kByteLevel : Spelling::kSentencePiece);
  if (!vocabulary) return pass_on(vocabulary);
  auto state = std::make_unique<State>(std::move(*vocabulary));

  const auto adds_space = get_bool_or(file, "tokenizer.ggml.add_space_prefix", !is_byte_level);
  if (!adds_space) return pass_on(adds_space);
  state->strips_first_space = *adds_space && !is_byte_level;
  auto encoder = is_byte_level ? ByteLevelEncoder::from_gguf(file, state->vocabulary, kind)
                               : SentencePieceEncoder::from_gguf(file, state->vocabulary, *adds_space);
  if (!encoder) return pass_on(encoder);
  state->encoder = std::move(*encoder);

  const auto bos = read_token_id(file, "tokenizer.ggml.bos_token_id", state->vocabulary);
  if (!bos) return pass_on(bos);
  const auto eos = read_token_id(file, "tokenizer.ggml.eos_token_id", state->vocabulary);
  if (!eos) return pass_on(eos);
  const auto adds_bos = get_bool_or(file, "tokenizer.ggml.add_bos_token", kind.adds_bos);
  if (!adds_bos) return pass_on(adds_bos);
  auto end_tokens = find_end_tokens(file, state->vocabulary);
  if (!end_tokens) return pass_on(end_tokens);
  state->bos = *bos;
  state->eos = *eos;
  state->adds_bos = *adds_bos && *bos != kNoToken;
  state->end_tokens = std::move(*end_tokens);
  return Tokenizer(std::move(state));
}

Tokenizer::Tokenizer(std::unique_ptr<const State> state) : state_(std::move(state)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

std::vector<TokenId> Tokenizer::encode(std::string_view text) const {
  std::vector<TokenId> out;
  encode_into(text, out);
  return out;
}

std::vector<TokenId> Tokenizer::encode(const MarkedText& text) const {
  std::vector<TokenId> out;
  state_->encode(text.text, text.trusted, out);
  return out;
}

void Tokenizer::encode_into(std::string_view text, std::vector<TokenId>& out) const {
  state_->encode(text, {}, out);
}

std::string_view Tokenizer::token_bytes(TokenId token, bool with_control) const {
  if (!state_->vocabulary.contains(token)) return {};
  if (state_->vocabulary.is_control(token) && !with_control) return {};
  return state_->vocabulary.bytes(token);
}

std::string Tokenizer::decode(std::span<const TokenId> tokens, bool with_control) const {
  std::string out;
  for (const TokenId token : tokens) out.append(token_bytes(token, with_control));
  if (state_->strips_first_space && out.starts_with(' ')) out.erase(0, 1);
  return out;
}

std::optional<TokenId> Tokenizer::find(std::string_view token) const {
  const TokenId id = state_->vocabulary.find(token);
  return id == kNoToken ? std::nullopt : std::optional(id);
}

size_t Tokenizer::vocabulary_size() const {
  return state_->vocabulary.size();
}
TokenId Tokenizer::bos() const {
  return state_->bos;
}
TokenId Tokenizer::eos() const {
  return state_->eos;
}
bool Tokenizer::adds_bos() const {
  return state_->adds_bos;
}
bool Tokenizer::strips_first_space() const {
  return state_->strips_first_space;
}

bool Tokenizer::is_end(TokenId token) const {
  return std::binary_search(state_->end_tokens.begin(), state_->end_tokens.end(), token);
}

bool Tokenizer::is_control(TokenId token) const {
  return state_->vocabulary.contains(token) && state_->vocabulary.is_control(token);
}

}  // namespace riposte::tokenizer
