// Token counts and reasons in OpenAI's words, the same in every endpoint.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <span>
#include <string_view>

#include "api/answer.h"
#include "engine/request.h"

namespace riposte::api {

// "usage": prompt and completion tokens, those found in caches, and how many guesses were right. Counts of
// cached and guessed tokens are not part of the sums.
boost::json::object usage_object(const engine::Usage& usage);

// The counts of several choices together. A prompt counts once, however many choices it has.
class UsageSum {
 public:
  // The choices of one prompt stand beside each other.
  explicit UsageSum(int32_t choices_per_prompt = 1) : choices_per_prompt_(choices_per_prompt) {}

  void add(int32_t choice, const engine::Usage& usage);
  void add(std::span<const ChoiceAnswer> choices);
  const engine::Usage& total() const { return total_; }

 private:
  const int32_t choices_per_prompt_;
  engine::Usage total_;
};

std::string_view finish_reason(engine::FinishReason reason);  // "stop" or "length"

}  // namespace riposte::api
