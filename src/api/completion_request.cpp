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
  read_inputs(fields, "prompt", kMaxPrompts, request.prompts);
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
  for (size_t i = 0; i < read->prompts.list.size(); ++i) {
    const TokenInput& prompt = read->prompts.list[i];
    const std::string place = read->prompts.place("prompt", i);
    auto tokens = tokens_of(prompt, model, place);
    if (!tokens) return tl::unexpected(tokens.error());
    const auto max_tokens = answer_room(tokens->size(), read->max_tokens, model, place);
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
