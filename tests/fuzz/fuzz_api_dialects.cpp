// Any bytes as the body of a request in any dialect, before a small model: they become a request that the
// engine takes, whose answer is valid JSON however it is cut, or an error that is itself valid JSON. The
// first byte, a digit, chooses the dialect.
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "api/chat_request.h"
#include "api/completion_request.h"
#include "api/embeddings_request.h"
#include "api/model_wish.h"
#include "api/ollama_models.h"
#include "api/ollama_request.h"
#include "api/responses_request.h"
#include "api/rewrite_request.h"
#include "support/babble_model.h"

namespace {

using namespace riposte;

void require(bool condition) {
  if (!condition) std::abort();
}

struct Dialect {
  api::ReadGeneration read;
  api::Dialect errors;
};

constexpr Dialect kDialects[] = {
    {api::read_chat, api::Dialect::kOpenAi},
    {api::read_completion, api::Dialect::kOpenAi},
    {api::read_responses, api::Dialect::kOpenAi},
    {api::read_rewrite, api::Dialect::kOpenAi},
    {api::read_ollama_generate, api::Dialect::kOllama},
    {api::read_ollama_chat, api::Dialect::kOllama},
    {api::read_embeddings, api::Dialect::kOpenAi},
    {api::read_ollama_embed, api::Dialect::kOllama},
    {api::read_ollama_embeddings, api::Dialect::kOllama},
};

void check_error(const api::ApiError& error, api::Dialect dialect) {
  require(error.status == 400 || error.status == 403 || error.status == 404);
  const auto body = boost::json::parse(api::to_json(error, dialect));
  require(dialect == api::Dialect::kOllama ? body.at("error").is_string() : body.at("error").is_object());
}

// Every event's data, or every line, must be JSON.
void check_stream(const std::string& stream, api::StreamKind kind) {
  std::istringstream lines(stream);
  for (std::string line; std::getline(lines, line);) {
    if (kind == api::StreamKind::kEvents) {
      if (!line.starts_with("data: ") || line == "data: [DONE]") continue;
      line.erase(0, 6);
    }
    boost::json::parse(line);
  }
}

// Answers with words of the prompt itself, cut into pieces.
void check_answer(api::Generation generation, const tokenizer::Tokenizer& tokenizer) {
  std::vector<api::ChoiceAnswer> choices;
  for (const engine::Request& request : generation.requests) {
    require(engine::validate(request, riposte::testing::kByteVocabulary, 512).has_value());
    api::ChoiceAnswer answer;
    answer.text = api::valid_utf8(tokenizer.decode(request.prompt)).substr(0, 200);
    answer.text = api::valid_utf8(answer.text);
    if (request.pooling) answer.finish.embedding = {0.5f, -1.25f, 3e38f};
    for (size_t i = 0; request.sampling.top_logprobs >= 0 && i < 3; ++i) {
      answer.logprobs.push_back({{request.prompt[0], -1.0f}, {{request.prompt[0], -1.0f}}});
    }
    choices.push_back(std::move(answer));
  }
  if (!generation.stream) {
    boost::json::parse(generation.writer->whole(choices));
    return;
  }
  std::string out;
  generation.writer->begin(out);
  for (size_t i = 0; i < choices.size(); ++i) {
    const auto choice = static_cast<int32_t>(i);
    size_t half = choices[i].text.size() / 2;
    while (half > 0 && (choices[i].text[half] & 0xC0) == 0x80) --half;
    generation.writer->part(choice, {choices[i].text.substr(0, half), choices[i].logprobs}, out);
    generation.writer->part(choice, {choices[i].text.substr(half), {}}, out);
    generation.writer->end(choice, choices[i].finish, out);
  }
  generation.writer->done(out);
  check_stream(out, generation.writer->stream_kind());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static riposte::testing::BabbleModel model(512);
  if (size == 0) return 0;
  const Dialect& dialect = kDialects[static_cast<uint8_t>(data[0] - '0') % std::size(kDialects)];
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (const auto wish = api::read_model_wish(body); !wish) check_error(wish.error(), dialect.errors);
  auto generation = dialect.read(body, model.served(), {"1", 1'700'000'000, 1});
  if (generation) {
    check_answer(std::move(*generation), model.tokenizer);
  } else {
    check_error(generation.error(), dialect.errors);
  }
  return 0;
}
