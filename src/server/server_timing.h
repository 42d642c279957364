// Where the time of one answer went, for the header Server-Timing (https://www.w3.org/TR/server-timing/).
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "engine/request.h"

namespace riposte::server {

// All times are in milliseconds on the wire: "parse;dur=0.041, queue;dur=0.010, ...". The parts are
//   parse    from the whole request to the engine: JSON, template, tokens
//   queue    waiting for the first step
//   prefill  from there to the first token
//   decode   from there to the end
//   cache    (without a time) the answer, or a choice of it, had been computed before
//   total    from the whole request to the answer's last byte
class ExchangeClock {
 public:
  using Clock = std::chrono::steady_clock;

  explicit ExchangeClock(Clock::time_point received) : received_(received) {}

  std::chrono::nanoseconds parse() const { return submitted_ - received_; }
  std::chrono::nanoseconds total() const { return Clock::now() - received_; }

  void submitted() { submitted_ = Clock::now(); }
  void found_in_cache() { found_in_cache_ = true; }
  // Of a choice that has ended; the slowest one is told.
  void add(const engine::Timings& timings);

  std::string whole() const;   // of an answer that needs no engine: total
  std::string so_far() const;  // of a stream that begins: parse, and first, the time to its first text
  std::string all() const;

 private:
  std::string_view cache_mark() const;

  const Clock::time_point received_;
  Clock::time_point submitted_ = received_;
  engine::Timings slowest_;
  bool found_in_cache_ = false;
};

}  // namespace riposte::server
