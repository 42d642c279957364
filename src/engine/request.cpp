#include "engine/request.h"

#include <algorithm>

namespace riposte::engine {
namespace {

Result<void> check_tokens(const char* field, std::span<const TokenId> tokens, int32_t vocabulary) {
  const auto foreign =
      std::ranges::find_if(tokens, [vocabulary](TokenId token) { return token < 0 || token >= vocabulary; });
  if (foreign == tokens.end()) return {};
  return fail(ErrorCode::kInvalidArgument, "{}: token {} at index {} is outside the vocabulary of {} tokens",
              field, *foreign, foreign - tokens.begin(), vocabulary);
}

Result<void> check_stops(std::span<const std::string> stops) {
  if (stops.size() > kMaxStops) {
    return fail(ErrorCode::kInvalidArgument, "stop: at most {} strings are allowed, but there are {}",
                kMaxStops, stops.size());
  }
  for (const std::string& stop : stops) {
    if (stop.empty())
      return fail(ErrorCode::kInvalidArgument, "stop: an empty string would stop every answer");
    if (stop.size() > kMaxStopBytes) {
      return fail(ErrorCode::kInvalidArgument, "stop: a string may have {} bytes, but one has {}",
                  kMaxStopBytes, stop.size());
    }
    if ((static_cast<unsigned char>(stop.front()) & 0xC0) == 0x80) {
      return fail(ErrorCode::kInvalidArgument, "stop: a string begins in the middle of a UTF-8 character");
    }
  }
  return {};
}

}  // namespace

void add(const CountsByOrigin& more, CountsByOrigin& sum) {
  for (size_t origin = 0; origin < sum.size(); ++origin) {
    sum[origin].drafted += more[origin].drafted;
    sum[origin].accepted += more[origin].accepted;
  }
}

void Totals::add(const Usage& usage) {
  ++requests;
  prompt_tokens += usage.prompt_tokens;
  cached_tokens += usage.cached_tokens;
  output_tokens += usage.output_tokens;
  passes += usage.passes;
  engine::add(usage.by_origin, by_origin);
}

void Totals::add(const Totals& others) {
  steps += others.steps;
  rows += others.rows;
  requests += others.requests;
  prompt_tokens += others.prompt_tokens;
  cached_tokens += others.cached_tokens;
  output_tokens += others.output_tokens;
  passes += others.passes;
  engine::add(others.by_origin, by_origin);
}

Result<void> validate(const Request& request, int32_t vocabulary, int32_t context_length, int32_t adapters) {
  if (request.prompt.empty())
    return fail(ErrorCode::kInvalidArgument, "prompt: at least one token is needed");
  if (request.prompt.size() > static_cast<size_t>(context_length)) {
    return fail(ErrorCode::kTooLarge, "the prompt has {} tokens, but the context holds {}; shorten the text",
                request.prompt.size(), context_length);
  }
  if (request.adapter < 0 || request.adapter > adapters) {
    return fail(ErrorCode::kInvalidArgument, "adapter: there is no adapter {}; this model has {}", request.adapter,
                adapters);
  }
  if (request.max_tokens < 0) {
    return fail(ErrorCode::kInvalidArgument, "max_tokens must be 0 or more, but is {}", request.max_tokens);
  }
  if (request.pooling && request.max_tokens > 0) {
    return fail(ErrorCode::kInvalidArgument, "max_tokens must be 0 where an embedding is wanted, but is {}",
                request.max_tokens);
  }
  if (Result<void> check = check_tokens("prompt", request.prompt, vocabulary); !check) return check;
  if (Result<void> check = check_tokens("source", request.source, vocabulary); !check) return check;
  if (Result<void> check = check_tokens("prediction", request.prediction, vocabulary); !check) return check;
  if (!(request.rewriting_chance >= 0.0f && request.rewriting_chance <= 1.0f)) {
    return fail(ErrorCode::kInvalidArgument, "rewriting_chance must be 0 to 1, but is {}",
                request.rewriting_chance);
  }
  if (!(request.edit_confidence >= 0.0f && request.edit_confidence <= kMostEditConfidence)) {
    return fail(ErrorCode::kInvalidArgument, "edit_confidence must be 0 to {}, but is {}", kMostEditConfidence,
                request.edit_confidence);
  }
  if (request.ignore_end && request.constraint) {
    return fail(ErrorCode::kInvalidArgument, "ignore_end: an answer with a constraint ends where it is whole");
  }
  if (Result<void> check = check_stops(request.stop); !check) return check;
  return sampling::validate(request.sampling, vocabulary);
}

}  // namespace riposte::engine
