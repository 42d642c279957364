#include "server/server_timing.h"

#include <fmt/format.h>

namespace riposte::server {
namespace {

double milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

std::chrono::nanoseconds sum(const engine::Timings& timings) {
  return timings.queue + timings.prefill + timings.decode;
}

}  // namespace

std::string_view ExchangeClock::cache_mark() const {
  return found_in_cache_ ? ", cache;desc=hit" : "";
}

void ExchangeClock::add(const engine::Timings& timings) {
  if (sum(timings) >= sum(slowest_)) slowest_ = timings;
}

std::string ExchangeClock::whole() const {
  return fmt::format("total;dur={:.3f}", milliseconds(total()));
}

std::string ExchangeClock::so_far() const {
  return fmt::format("parse;dur={:.3f}, first;dur={:.3f}", milliseconds(parse()), milliseconds(total()))
      .append(cache_mark());
}

std::string ExchangeClock::all() const {
  return fmt::format(
             "parse;dur={:.3f}, queue;dur={:.3f}, prefill;dur={:.3f}, decode;dur={:.3f}, total;dur={:.3f}",
             milliseconds(parse()), milliseconds(slowest_.queue), milliseconds(slowest_.prefill),
             milliseconds(slowest_.decode), milliseconds(total()))
      .append(cache_mark());
}

}  // namespace riposte::server
