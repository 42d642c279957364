#include "cache/answer_codec.h"

#include <openssl/sha.h>
#include <xxhash.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "tokenizer/tokenizer.h"

namespace riposte::cache {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view kMagic = "RPA2";
constexpr size_t kLogprobBytes = sizeof(TokenId) + sizeof(float);

template <class T>
void write(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void write(std::string& out, const sampling::TokenLogprob& logprob) {
  write(out, logprob.token);
  write(out, logprob.logprob);
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool text(size_t length, std::string_view& out) {
    if (length > rest_.size()) return false;
    out = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return true;
  }
  template <class T>
  bool number(T& out) {
    std::string_view bytes;
    if (!text(sizeof out, bytes)) return false;
    std::memcpy(&out, bytes.data(), sizeof out);
    return true;
  }
  // How many of something that takes at least `bytes` each.
  bool count(size_t bytes, uint32_t& out) { return number(out) && out <= rest_.size() / bytes; }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

bool read(Reader& reader, const Plausible& plausible, sampling::TokenLogprob& out) {
  return reader.number(out.token) && reader.number(out.logprob) && out.token >= 0 &&
         out.token < plausible.vocabulary && !std::isnan(out.logprob) && out.logprob <= 0.0f;
}

bool read(Reader& reader, const Plausible& plausible, sampling::Logprobs& out) {
  uint32_t count = 0;
  if (!read(reader, plausible, out.chosen) || !reader.count(kLogprobBytes, count)) return false;
  out.top.resize(count);
  for (sampling::TokenLogprob& other : out.top) {
    if (!read(reader, plausible, other)) return false;
  }
  return true;
}

bool read(Reader& reader, const Plausible& plausible, std::vector<float>& embedding) {
  uint32_t count = 0;
  if (!reader.count(sizeof(float), count)) return false;
  if (plausible.embedding >= 0 && count != static_cast<uint32_t>(plausible.embedding)) return false;
  embedding.resize(count);
  for (float& value : embedding) {
    if (!reader.number(value) || !std::isfinite(value)) return false;
  }
  return true;
}

bool is_utf8(std::string_view text) {
  tokenizer::Utf8Stream stream;
  std::string valid = stream.push(text);
  valid += stream.finish();
  return valid == text;
}

bool is_plausible(const engine::Usage& usage, const Plausible& plausible) {
  const bool prompt =
      plausible.prompt_tokens < 0 ? usage.prompt_tokens >= 0 : usage.prompt_tokens == plausible.prompt_tokens;
  return prompt && usage.output_tokens >= 0 && usage.output_tokens <= plausible.max_tokens;
}

}  // namespace

KeyHash hash_of_key(std::string_view key) {
  KeyHash hash;
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), hash.data());
  return hash;
}

std::string encode_answer(const KeyHash& key, const CachedAnswer& answer) {
  std::string out(kMagic);
  out.append(reinterpret_cast<const char*>(key.data()), key.size());
  write(out, static_cast<uint8_t>(answer.finish.reason));
  write(out, answer.finish.usage.prompt_tokens);
  write(out, answer.finish.usage.output_tokens);
  write(out, static_cast<uint32_t>(answer.text.size()));
  out += answer.text;
  write(out, static_cast<uint32_t>(answer.logprobs.size()));
  for (const sampling::Logprobs& token : answer.logprobs) {
    write(out, token.chosen);
    write(out, static_cast<uint32_t>(token.top.size()));
    for (const sampling::TokenLogprob& other : token.top) write(out, other);
  }
  write(out, static_cast<uint32_t>(answer.finish.embedding.size()));
  for (const float value : answer.finish.embedding) write(out, value);
  write(out, XXH3_64bits(out.data(), out.size()));
  return out;
}

std::optional<CachedAnswer> decode_answer(std::string_view bytes, const KeyHash& key,
                                          const Plausible& plausible) {
  if (bytes.size() < sizeof(XXH64_hash_t)) return std::nullopt;
  const std::string_view content = bytes.substr(0, bytes.size() - sizeof(XXH64_hash_t));
  XXH64_hash_t sum = 0;
  std::memcpy(&sum, bytes.data() + content.size(), sizeof sum);
  if (sum != XXH3_64bits(content.data(), content.size())) return std::nullopt;

  Reader reader(content);
  std::string_view magic, whose, text;
  uint8_t reason = 0;
  uint32_t length = 0, count = 0;
  CachedAnswer answer;
  engine::Usage& usage = answer.finish.usage;
  if (!reader.text(kMagic.size(), magic) || magic != kMagic) return std::nullopt;
  if (!reader.text(key.size(), whose) || std::memcmp(whose.data(), key.data(), key.size()) != 0)
    return std::nullopt;
  if (!reader.number(reason) || !reader.number(usage.prompt_tokens) || !reader.number(usage.output_tokens)) {
    return std::nullopt;
  }
  answer.finish.reason = static_cast<engine::FinishReason>(reason);
  using enum engine::FinishReason;
  if (answer.finish.reason != kStop && answer.finish.reason != kLength) return std::nullopt;
  if (!is_plausible(usage, plausible)) return std::nullopt;
  if (!reader.number(length) || !reader.text(length, text) || !is_utf8(text)) return std::nullopt;
  answer.text = text;
  if (!reader.count(kLogprobBytes + sizeof count, count)) return std::nullopt;
  answer.logprobs.resize(count);
  for (sampling::Logprobs& token : answer.logprobs) {
    if (!read(reader, plausible, token)) return std::nullopt;
  }
  if (!read(reader, plausible, answer.finish.embedding) || !reader.at_end()) return std::nullopt;
  return answer;
}

}  // namespace riposte::cache
