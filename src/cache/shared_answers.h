// Answers that several servers keep together, behind each one's own memory.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/request.h"
#include "sampling/logprobs.h"

namespace riposte::cache {

struct CachedAnswer {
  std::string text;
  std::vector<sampling::Logprobs> logprobs;
  engine::Finish finish;  // as it was computed
};

// What an answer from elsewhere must keep to: the request's tokens, and ids that the model has.
struct Plausible {
  int32_t vocabulary = std::numeric_limits<int32_t>::max();
  int32_t prompt_tokens = -1;  // -1: not known
  int32_t max_tokens = std::numeric_limits<int32_t>::max();
  int32_t embedding = -1;  // values; -1: not known
};

struct SharedCounts {
  int64_t hits = 0;
  int64_t misses = 0;    // asked in vain
  int64_t skipped = 0;   // not asked, since there is no connection
  int64_t failures = 0;  // of the connection, or values that are no answers
};

// Thread-safe. Whatever goes wrong elsewhere costs an answer that has to be computed, and nothing else.
class SharedAnswers {
 public:
  virtual ~SharedAnswers() = default;
  // Takes no longer than a request may wait for nothing: some milliseconds.
  virtual std::optional<CachedAnswer> find(std::string_view key, const Plausible& plausible) = 0;
  // Returns at once.
  virtual void put(std::string_view key, const CachedAnswer& answer) = 0;
  virtual SharedCounts counts() const = 0;
};

}  // namespace riposte::cache
