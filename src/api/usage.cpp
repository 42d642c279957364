#include "api/usage.h"

#include <cstdint>

namespace riposte::api {

boost::json::object usage_object(const engine::Usage& usage) {
  return {{"prompt_tokens", usage.prompt_tokens},
          {"completion_tokens", usage.output_tokens},
          {"total_tokens", int64_t{usage.prompt_tokens} + usage.output_tokens},
          {"prompt_tokens_details", {{"cached_tokens", usage.cached_tokens}}},
          {"completion_tokens_details",
           {{"accepted_prediction_tokens", usage.accepted_tokens},
            {"rejected_prediction_tokens", usage.drafted_tokens - usage.accepted_tokens}}}};
}

void UsageSum::add(int32_t choice, const engine::Usage& usage) {
  if (choice % choices_per_prompt_ == 0) {
    total_.prompt_tokens += usage.prompt_tokens;
    total_.cached_tokens += usage.cached_tokens;
  }
  total_.output_tokens += usage.output_tokens;
  total_.passes += usage.passes;
  total_.drafted_tokens += usage.drafted_tokens;
  total_.accepted_tokens += usage.accepted_tokens;
}

void UsageSum::add(std::span<const ChoiceAnswer> choices) {
  for (size_t i = 0; i < choices.size(); ++i) add(static_cast<int32_t>(i), choices[i].finish.usage);
}

std::string_view finish_reason(engine::FinishReason reason) {
  return reason == engine::FinishReason::kLength ? "length" : "stop";
}

}  // namespace riposte::api
