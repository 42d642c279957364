// Texts to vectors: POST /v1/embeddings (https://platform.openai.com/docs/api-reference/embeddings), Ollama's /api/embed
// and its older /api/embeddings.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "api/answer.h"
#include "api/token_input.h"
#include "engine/pooling.h"

namespace riposte::api {

inline constexpr size_t kMaxInputs = 2048;  // of one request, as OpenAI has it

struct EmbeddingsRequest {
  std::string model;  // empty: whatever is served
  TokenInputs inputs;
  bool base64 = false;                     // vectors as the bytes of their floats
  std::optional<int32_t> dimensions;       // the first so many, normalised again
  std::optional<engine::Pooling> pooling;  // absent: as the server is told, or the model made for
  bool truncate = false;                   // texts beyond the context are cut instead of refused
};

// Errors: 400 with the field's name.
ApiResult<EmbeddingsRequest> parse_embeddings_request(std::string_view body);

// Each a ReadGeneration. Errors beside those of parsing: 404 another model, 400 a token beyond the vocabulary, an input
// without a token, one that is longer than the context, more dimensions than there are.
ApiResult<Generation> read_embeddings(std::string_view body, const ServedModel& model, const RequestContext& context);
ApiResult<Generation> read_ollama_embed(std::string_view body, const ServedModel& model,
                                        const RequestContext& context);
ApiResult<Generation> read_ollama_embeddings(std::string_view body, const ServedModel& model,
                                             const RequestContext& context);

}  // namespace riposte::api
