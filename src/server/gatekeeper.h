// Who asks, and whether he may: keys and their limits.
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <tl/expected.hpp>

#include "api/error.h"
#include "server/api_keys.h"
#include "server/rate_limit.h"
#include "server/reply.h"

namespace riposte::server {

struct Visitor {
  uint64_t owner = 0;     // ApiKey::owner(); 0 where nobody needs a key
  std::string_view name;  // of the key
  RateLimit* limit = nullptr;
};

// Thread-safe.
class Gatekeeper {
 public:
  explicit Gatekeeper(ApiKeys keys, RateLimit::Now now = RateLimit::Clock::now);

  bool asks_for_keys() const { return !keys_.empty(); }
  // By the value of "Authorization". The other outcome is the 401 to send.
  tl::expected<Visitor, Reply> recognise(std::string_view authorization, api::Dialect dialect);
  // A place for a request that is to be computed, or the 429 to send.
  static tl::expected<RateLimit::Permit, Reply> admit(const Visitor& visitor, api::Dialect dialect);

 private:
  const ApiKeys keys_;
  std::deque<RateLimit> limits_;  // of each key
};

}  // namespace riposte::server
