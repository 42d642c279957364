#include "sampling/params.h"

#include <cmath>

namespace riposte::sampling {
namespace {

Result<void> within(const char* field, float value, float least, float most) {
  if (value >= least && value <= most) return {};  // not for NaN
  return fail(ErrorCode::kInvalidArgument, "{} must be from {} to {}, but is {}", field, least, most, value);
}

}  // namespace

Result<void> validate(const SamplingParams& params, int32_t vocabulary) {
  const Result<void> checks[] = {
      within("temperature", params.temperature, 0.0f, 100.0f),
      within("top_p", params.top_p, 0.0f, 1.0f),
      within("min_p", params.min_p, 0.0f, 1.0f),
      within("repetition_penalty", params.repetition_penalty, 0.01f, 100.0f),
      within("presence_penalty", params.presence_penalty, -100.0f, 100.0f),
      within("frequency_penalty", params.frequency_penalty, -100.0f, 100.0f),
  };
  for (const Result<void>& check : checks) {
    if (!check) return check;
  }
  if (params.top_k < 0) {
    return fail(ErrorCode::kInvalidArgument, "top_k must be 0 (off) or more, but is {}", params.top_k);
  }
  if (params.top_logprobs < -1 || params.top_logprobs > kMaxTopLogprobs) {
    return fail(ErrorCode::kInvalidArgument, "top_logprobs must be from -1 (off) to {}, but is {}",
                kMaxTopLogprobs, params.top_logprobs);
  }
  if (params.logit_bias.size() > static_cast<size_t>(vocabulary)) {
    return fail(ErrorCode::kInvalidArgument,
                "logit_bias has {} entries, more than the vocabulary's {} tokens", params.logit_bias.size(),
                vocabulary);
  }
  for (const auto& [token, bias] : params.logit_bias) {
    if (token < 0 || token >= vocabulary) {
      return fail(ErrorCode::kInvalidArgument, "logit_bias: token {} is outside the vocabulary of {} tokens",
                  token, vocabulary);
    }
    if (Result<void> check = within("logit_bias", bias, -100.0f, 100.0f); !check) return check;
  }
  return {};
}

}  // namespace riposte::sampling
