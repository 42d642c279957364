// How long requests take, before they are computed: for the order of the queue, and for deadlines.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "engine/request.h"

namespace riposte::engine {

// Tokens that an answer will have, as far as the request tells: a rewriting is about as long as its source, a
// predicted answer as long as the prediction; of others nothing is known but their limit.
int32_t expected_answer(const Request& request);

// What work costs, and how fast it gets done. Work is counted in the milliseconds that a request would take
// alone and without guesses; steps that are shared and guesses that come true do more work than time passes.
class Pace {
 public:
  // step_cost: [rows], milliseconds (see drafting::StepCost). Empty: a guess, until steps have been seen.
  explicit Pace(std::span<const float> step_cost);

  double prompt_work(int32_t tokens) const { return tokens * row_ms_; }
  double answer_work(int32_t tokens) const { return tokens * token_ms_; }
  // Of a request that nobody has looked at: of its prompt, what is usually not in the KV cache.
  double work_of(int32_t prompt_tokens, int32_t answer_tokens) const;
  double ms_for(double work) const { return work * ms_per_work_; }

  void observe_prompt(int32_t tokens, int32_t cached);
  void observe_step(double work, double ms);

 private:
  double row_ms_ = 0;    // of a token of a prompt
  double token_ms_ = 0;  // of a token of an answer
  double ms_per_work_ = 1;
  double computed_share_ = 1;  // of prompts
};

// Shortest first, and nobody starves: the turn of a request is when it arrived, put off by so many times its
// expected time. It never changes, and a request is overtaken by shorter ones that come while it is put off,
// by no others.
inline constexpr double kPatience = 4.0;
Clock::time_point turn_of(Clock::time_point submitted, double expected_ms);

// What those who submit know about those who are there already.
struct Forecast {
  struct Other {
    Clock::time_point turn;
    double work = 0;  // still to be done
    bool runs = false;
    std::optional<Clock::time_point> deadline = {};
  };

  Pace pace;
  std::vector<Other> others;

  // When a request would be done, one of the others or a new one. Those that run are served at the same time, those that
  // wait with an earlier turn before it.
  double ms_until_done(const Other& one) const;
  // When the next place in a full queue may become free.
  int64_t retry_after_ms() const;
  // Of a new request with a deadline. Errors: kDeadline (not even an idle engine could meet it), kBusy (this one cannot, or
  // others that were accepted would miss theirs by it; with the time to come back).
  Result<void> check_deadline(const Other& one, Clock::time_point now) const;
};

}  // namespace riposte::engine
