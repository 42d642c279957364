#include "api/completion_request.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <limits>
#include <utility>

#include "api/completion_writer.h"
#include "api/fields.h"
#include "api/json.h"

namespace riposte::api {
namespace {

namespace json = boost::json;

constexpr int64_t kMaxInt32 = std::numeric_limits<int32_t>::max();
constexpr size_t kMaxPrompts = 64;  // each becomes a request of its own

ApiResult<std::vector<TokenId>> read_tokens(const json::array& array, const std::string& place) {
  std::vector<TokenId> tokens;
  tokens.reserve(array.size());
  for (const json::value& value : array) {
    if (!value.is_int64() || value.get_int64() < 0 || value.get_int64() > kMaxInt32) {
      return bad_request(place, fmt::format("'{}' must hold token ids, found {}", place, describe(value)));
    }
    tokens.push_back(static_cast<TokenId>(value.get_int64()));
  }
  return tokens;
}

// "prompt": a string, token ids, or an array of either.
void read_prompts(Fields& fields, std::vector<CompletionPrompt>& out) {
  const json::value* prompt = fields.any("prompt");
  if (!fields.ok()) return;
  if (!prompt) {
    return fields.refuse_with(
        bad_request("prompt", "'prompt' is missing: expected a string, token ids, or an array of either"));
  }
  const bool is_list = prompt->is_array() && !prompt->get_array().empty() &&
                       (prompt->get_array()[0].is_string() || prompt->get_array()[0].is_array());
  const json::array one{*prompt};
  const json::array& list = is_list ? prompt->get_array() : one;
  if (list.size() > kMaxPrompts) {
    return fields.refuse("prompt", fmt::format("at most {} prompts", kMaxPrompts), *prompt);
  }
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string place = is_list ? fmt::format("prompt[{}]", i) : "prompt";
    if (const json::string* text = list[i].if_string()) {
      out.emplace_back(std::string(text->data(), text->size()));
    } else if (const json::array* array = list[i].if_array()) {
      auto tokens = read_tokens(*array, place);
      if (!tokens) return fields.refuse_with(tl::unexpected(tokens.error()));
      out.emplace_back(std::move(*tokens));
    } else {
      return fields.refuse(place, "a string, token ids, or an array of either", list[i]);
    }
  }
}

// Here "logprobs" is the number of alternatives.
void read_logprobs(Fields& fields, sampling::SamplingParams& out) {
  const json::value* value = fields.any("logprobs");
  if (!value || *value == false) return;
  fields.integer("logprobs", out.top_logprobs, 0, sampling::kMaxTopLogprobs);
}

void refuse_unsupported(Fields& fields, const CompletionRequest& request) {
  std::string suffix;
  fields.text("suffix", suffix);
  if (!suffix.empty()) {
    fields.refuse_with(unsupported("suffix", "'suffix' is not supported: this server continues text only"));
  }
  int32_t best_of = request.choices;
  fields.integer("best_of", best_of, 1, kMaxInt32);
  if (best_of != request.choices) {
    fields.refuse_with(unsupported(
        "best_of", fmt::format("'best_of' must be equal to 'n' ({}), found {}", request.choices, best_of)));
  }
  if (request.echo && request.sampling.top_logprobs >= 0) {
    fields.refuse_with(unsupported("echo", "'echo' together with 'logprobs' is not supported"));
  }
}

ApiResult<std::vector<TokenId>> tokens_of(const CompletionPrompt& prompt, const ServedModel& model) {
  std::vector<TokenId> tokens;
  if (const auto* text = std::get_if<std::string>(&prompt)) {
    if (model.tokenizer.adds_bos() && model.tokenizer.bos() != kNoToken) {
      tokens.push_back(model.tokenizer.bos());
    }
    model.tokenizer.encode_into(*text, tokens);
  } else {
    tokens = std::get<std::vector<TokenId>>(prompt);
  }
  if (tokens.empty()) return bad_request("prompt", "'prompt' has no token: there is nothing to continue");
  const size_t vocabulary = model.tokenizer.vocabulary_size();
  for (const TokenId token : tokens) {
    if (static_cast<size_t>(token) >= vocabulary) {
      return bad_request("prompt",
                         fmt::format("'prompt' has the token {}, but the ids of this model end at {}", token,
                                     vocabulary - 1));
    }
  }
  return tokens;
}

}  // namespace

ApiResult<CompletionRequest> parse_completion_request(std::string_view body, uint64_t random_seed) {
  const Result<json::value> parsed = parse_json(body);
  if (!parsed) return tl::unexpected<ApiError>(from_error(parsed.error()));
  const json::object* object = parsed->if_object();
  if (!object) return bad_request("", "the body must be a JSON object, found " + describe(*parsed));

  CompletionRequest request;
  Fields fields(*object);
  fields.text("model", request.model);
  fields.integer("max_tokens", request.max_tokens, 0, kMaxInt32);
  fields.integer("n", request.choices, 1, kMaxChoices);
  fields.boolean("echo", request.echo);
  fields.boolean("ignore_eos", request.ignore_end);
  request.repeatable = read_sampling(fields, random_seed, request.sampling);
  read_logprobs(fields, request.sampling);
  read_stop(fields, request.stop);
  read_streaming(fields, request.stream, request.include_usage);
  read_prompts(fields, request.prompts);
  refuse_unsupported(fields, request);
  if (!fields.ok()) return fields.complaint();
  return request;
}

ApiResult<Generation> read_completion(std::string_view body, const ServedModel& model,
                                      const RequestContext& context) {
  ApiResult<CompletionRequest> read = parse_completion_request(body, context.random_seed);
  if (!read) return tl::unexpected(read.error());
  if (const auto found = check_model(read->model, model); !found) return tl::unexpected(found.error());
  if (const auto fits = check_sampling(read->sampling, model); !fits) return tl::unexpected(fits.error());

  Generation generation;
  CompletionWriterOptions options{.choices_per_prompt = read->choices,
                                  .logprobs = read->sampling.top_logprobs >= 0,
                                  .include_usage = read->include_usage,
                                  .echo = {}};
  for (const CompletionPrompt& prompt : read->prompts) {
    auto tokens = tokens_of(prompt, model);
    if (!tokens) return tl::unexpected(tokens.error());
    const auto max_tokens = answer_room(tokens->size(), read->max_tokens, model, "prompt");
    if (!max_tokens) return tl::unexpected(max_tokens.error());
    if (read->echo) {
      const auto* text = std::get_if<std::string>(&prompt);
      options.echo.push_back(text ? *text : valid_utf8(model.tokenizer.decode(*tokens)));
    }
    engine::Request request;
    request.prompt = std::move(*tokens);
    request.max_tokens = *max_tokens;
    request.stop = read->stop;
    request.ignore_end = read->ignore_end;
    request.sampling = read->sampling;
    append_choices(request, read->choices, generation.requests);
  }
  generation.stream = read->stream;
  generation.repeatable = read->repeatable;
  generation.writer = std::make_unique<CompletionWriter>(answer_head("cmpl-", context, model),
                                                         model.tokenizer, std::move(options));
  return generation;
}

}  // namespace riposte::api
