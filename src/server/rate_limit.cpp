#include "server/rate_limit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace riposte::server {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kUntilOneEnds{200};  // a short answer is over by then

}  // namespace

RateLimit::RateLimit(const KeyLimits& limits, Now now)
    : limits_(limits),
      now_(std::move(now)),
      left_(limits.requests_per_minute),
      counted_at_(now_()),
      places_(std::make_shared<const char>()) {}

tl::expected<RateLimit::Permit, RateLimit::Refusal> RateLimit::enter() {
  const std::lock_guard lock(mutex_);
  if (limits_.concurrent > 0 && places_.use_count() > limits_.concurrent) {
    return tl::unexpected<Refusal>(
        {fmt::format("this key may have {} requests at the same time", limits_.concurrent), kUntilOneEnds});
  }
  if (limits_.requests_per_minute > 0) {
    const double each_ms = 60'000.0 / limits_.requests_per_minute;
    const auto now = now_();
    const double passed_ms = std::chrono::duration<double, std::milli>(now - counted_at_).count();
    left_ = std::min<double>(limits_.requests_per_minute, left_ + passed_ms / each_ms);
    counted_at_ = now;
    if (left_ < 1.0) {
      return tl::unexpected<Refusal>(
          {fmt::format("this key may make {} requests a minute", limits_.requests_per_minute),
           milliseconds(static_cast<int64_t>(std::ceil((1.0 - left_) * each_ms)))});
    }
    left_ -= 1.0;
  }
  return Permit(std::const_pointer_cast<char>(places_));
}

}  // namespace riposte::server
