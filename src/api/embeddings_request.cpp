#include "api/embeddings_request.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <limits>
#include <utility>

#include "api/embeddings_writer.h"
#include "api/json.h"
#include "api/ollama_models.h"
#include "api/sampling_fields.h"

namespace riposte::api {
namespace {

namespace json = boost::json;

constexpr int64_t kMaxInt32 = std::numeric_limits<int32_t>::max();

void read_encoding(Fields& fields, bool& base64) {
  const json::value* format = fields.any("encoding_format");
  if (!format || !fields.ok()) return;
  if (*format != "float" && *format != "base64") {
    return fields.refuse("encoding_format", "\"float\" or \"base64\"", *format);
  }
  base64 = *format == "base64";
}

void read_pooling(Fields& fields, std::optional<engine::Pooling>& out) {
  const json::value* pooling = fields.any("pooling");
  if (!pooling || !fields.ok()) return;
  if (*pooling != "mean" && *pooling != "last") return fields.refuse("pooling", "\"mean\" or \"last\"", *pooling);
  out = *pooling == "mean" ? engine::Pooling::kMean : engine::Pooling::kLast;
}

ApiResult<json::value> parse_object(std::string_view body) {
  Result<json::value> parsed = parse_json(body);
  if (!parsed) return tl::unexpected<ApiError>(from_error(parsed.error()));
  if (!parsed->is_object()) return bad_request("", "the body must be a JSON object, found " + describe(*parsed));
  return std::move(*parsed);
}

ApiResult<engine::Request> engine_request(const EmbeddingsRequest& read, size_t index, std::string_view field,
                                          const ServedModel& model) {
  if (!read.pooling && !model.pooling) return bad_request("pooling", model.pooling.error().message);
  const std::string place = read.inputs.place(field, index);
  auto tokens = tokens_of(read.inputs.list[index], model, place);
  if (!tokens) return tl::unexpected(tokens.error());
  const auto most = static_cast<size_t>(model.context_length);
  if (tokens->size() > most) {
    if (!read.truncate) {
      ApiError error = bad_request(place, fmt::format("'{}' has {} tokens, but the context holds {}: shorten it",
                                                      place, tokens->size(), most)).value();
      error.code = "context_length_exceeded";
      return tl::unexpected(std::move(error));
    }
    tokens->resize(most);
  }
  engine::Request request;
  request.prompt = std::move(*tokens);
  request.max_tokens = 0;
  request.pooling = read.pooling ? *read.pooling : *model.pooling;
  return request;
}

ApiResult<Generation> generation_of(const EmbeddingsRequest& read, std::string_view field, const ServedModel& model,
                                    EmbeddingsForm form) {
  if (read.dimensions && *read.dimensions > model.embedding_size) {
    return bad_request("dimensions", fmt::format("'dimensions' must be at most {}, as this model has, found {}",
                                                 model.embedding_size, *read.dimensions));
  }
  Generation generation;
  for (size_t i = 0; i < read.inputs.list.size(); ++i) {
    auto request = engine_request(read, i, field, model);
    if (!request) return tl::unexpected(request.error());
    generation.requests.push_back(std::move(*request));
  }
  generation.writer = std::make_unique<EmbeddingsWriter>(
      EmbeddingsWriterOptions{.form = form,
                              .model = form == EmbeddingsForm::kOpenAi ? model.name : read.model,
                              .base64 = read.base64,
                              .dimensions = static_cast<size_t>(read.dimensions.value_or(model.embedding_size))});
  return generation;
}

// What both of Ollama's endpoints have in common.
ApiResult<EmbeddingsRequest> read_ollama(Fields& fields, const ServedModel& model) {
  EmbeddingsRequest request;
  request.truncate = true;
  fields.text("model", request.model);
  fields.boolean("truncate", request.truncate);
  fields.integer("dimensions", request.dimensions, 0, kMaxInt32);
  if (request.dimensions == 0) request.dimensions.reset();  // as if it were not there
  read_pooling(fields, request.pooling);
  fields.object("options");  // nothing in them concerns a vector
  if (!fields.ok()) return fields.complaint();
  if (auto found = check_ollama_model(request.model, model); !found) return tl::unexpected(found.error());
  return request;
}

// Nothing to embed: the model is to be loaded.
bool is_empty(const json::value* input) {
  if (!input) return true;
  if (const json::string* text = input->if_string()) return text->empty();
  return input->is_array() && input->get_array().empty();
}

}  // namespace

ApiResult<EmbeddingsRequest> parse_embeddings_request(std::string_view body) {
  const auto parsed = parse_object(body);
  if (!parsed) return tl::unexpected(parsed.error());
  EmbeddingsRequest request;
  Fields fields(parsed->get_object());
  fields.text("model", request.model);
  read_encoding(fields, request.base64);
  fields.integer("dimensions", request.dimensions, 1, kMaxInt32);
  read_pooling(fields, request.pooling);
  read_inputs(fields, "input", kMaxInputs, request.inputs);
  if (!fields.ok()) return fields.complaint();
  return request;
}

ApiResult<Generation> read_embeddings(std::string_view body, const ServedModel& model, const RequestContext&) {
  const auto read = parse_embeddings_request(body);
  if (!read) return tl::unexpected(read.error());
  if (const auto found = check_model(read->model, model); !found) return tl::unexpected(found.error());
  return generation_of(*read, "input", model, EmbeddingsForm::kOpenAi);
}

ApiResult<Generation> read_ollama_embed(std::string_view body, const ServedModel& model, const RequestContext&) {
  const auto parsed = parse_object(body);
  if (!parsed) return tl::unexpected(parsed.error());
  Fields fields(parsed->get_object());
  auto request = read_ollama(fields, model);
  if (!request) return tl::unexpected(request.error());
  if (!is_empty(fields.any("input"))) read_inputs(fields, "input", kMaxInputs, request->inputs);
  if (!fields.ok()) return fields.complaint();
  return generation_of(*request, "input", model, EmbeddingsForm::kOllama);
}

ApiResult<Generation> read_ollama_embeddings(std::string_view body, const ServedModel& model, const RequestContext&) {
  const auto parsed = parse_object(body);
  if (!parsed) return tl::unexpected(parsed.error());
  Fields fields(parsed->get_object());
  auto request = read_ollama(fields, model);
  if (!request) return tl::unexpected(request.error());
  std::string prompt;
  fields.text("prompt", prompt);
  if (!fields.ok()) return fields.complaint();
  if (!prompt.empty()) request->inputs.list.emplace_back(std::move(prompt));
  return generation_of(*request, "prompt", model, EmbeddingsForm::kOllamaOld);
}

}  // namespace riposte::api
