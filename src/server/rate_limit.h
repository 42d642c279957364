// How much one key may ask for: so many requests a minute, so many at the same time.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <tl/expected.hpp>

#include "server/api_keys.h"

namespace riposte::server {

// A bucket of requests (as in RFC 2697's meters) that holds a minute's and fills evenly. Thread-safe.
class RateLimit {
 public:
  using Clock = std::chrono::steady_clock;
  using Now = std::function<Clock::time_point()>;

  // `now` is a test's own clock.
  explicit RateLimit(const KeyLimits& limits, Now now = Clock::now);

  // One request that is being answered, for as long as it lives. May outlive the limit.
  class Permit {
   public:
    Permit() = default;

   private:
    friend class RateLimit;
    explicit Permit(std::shared_ptr<void> place) : place_(std::move(place)) {}
    std::shared_ptr<void> place_;
  };
  struct Refusal {
    std::string message;
    std::chrono::milliseconds retry_after{0};
  };
  tl::expected<Permit, Refusal> enter();

 private:
  const KeyLimits limits_;
  const Now now_;
  std::mutex mutex_;
  double left_;  // requests, of those of a minute
  Clock::time_point counted_at_;
  // Every place points here: their number is use_count() - 1.
  const std::shared_ptr<const char> places_;
};

}  // namespace riposte::server
