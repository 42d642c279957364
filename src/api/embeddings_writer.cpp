#include "api/embeddings_writer.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <iterator>
#include <utility>

#include "api/json.h"

namespace riposte::api {
namespace {

static_assert(std::endian::native == std::endian::little, "clients expect little-endian floats");

void append_base64(std::span<const float> values, std::string& out) {
  const auto bytes = std::as_bytes(values);
  const size_t begin = out.size();
  out.resize(begin + 4 * ((bytes.size() + 2) / 3) + 1);  // and the zero that OpenSSL puts behind it
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data() + begin),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  out.resize(begin + static_cast<size_t>(length));
}

}  // namespace

std::vector<float> unit_vector(std::span<const float> values, size_t dimensions) {
  values = values.first(std::min(dimensions, values.size()));
  double squares = 0;
  for (const float value : values) squares += static_cast<double>(value) * static_cast<double>(value);
  const double length = std::sqrt(squares);
  std::vector<float> unit(values.size());
  if (!std::isfinite(length) || length == 0) return unit;
  for (size_t i = 0; i < unit.size(); ++i) unit[i] = static_cast<float>(static_cast<double>(values[i]) / length);
  return unit;
}

EmbeddingsWriter::EmbeddingsWriter(EmbeddingsWriterOptions options) : options_(std::move(options)) {}

void EmbeddingsWriter::append_vector(const engine::Finish& finish, std::string& out) const {
  const std::vector<float> unit = unit_vector(finish.embedding, options_.dimensions);
  if (options_.base64) {
    out += '"';
    append_base64(unit, out);
    out += '"';
    return;
  }
  // The shortest decimals that are read as the same float.
  fmt::format_to(std::back_inserter(out), "[{}]", fmt::join(unit, ","));
}

std::string EmbeddingsWriter::whole(std::span<const ChoiceAnswer> choices) {
  return options_.form == EmbeddingsForm::kOpenAi ? openai(choices) : ollama(choices);
}

std::string EmbeddingsWriter::openai(std::span<const ChoiceAnswer> choices) const {
  std::string out = R"({"object":"list","data":[)";
  int64_t tokens = 0;
  for (size_t i = 0; i < choices.size(); ++i) {
    out += fmt::format(R"({}{{"object":"embedding","index":{},"embedding":)", i > 0 ? "," : "", i);
    append_vector(choices[i].finish, out);
    out += '}';
    tokens += choices[i].finish.usage.prompt_tokens;
  }
  out += fmt::format(R"(],"model":{},"usage":{{"prompt_tokens":{},"total_tokens":{}}}}})",
                     json_string(options_.model), tokens, tokens);
  return out;
}

std::string EmbeddingsWriter::ollama(std::span<const ChoiceAnswer> choices) const {
  if (options_.form == EmbeddingsForm::kOllamaOld) {
    std::string out = R"({"embedding":)";
    append_vector(choices.empty() ? engine::Finish() : choices[0].finish, out);
    return out + "}";
  }
  std::string out = fmt::format(R"({{"model":{},"embeddings":[)", json_string(options_.model));
  int64_t tokens = 0;
  std::chrono::nanoseconds total{0};  // they are computed side by side: the longest
  for (size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) out += ',';
    append_vector(choices[i].finish, out);
    tokens += choices[i].finish.usage.prompt_tokens;
    const engine::Timings& times = choices[i].finish.timings;
    total = std::max(total, times.queue + times.prefill + times.decode);
  }
  return out + fmt::format(R"(],"total_duration":{},"load_duration":0,"prompt_eval_count":{}}})", total.count(), tokens);
}

}  // namespace riposte::api
