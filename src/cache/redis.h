// Shared answers in Redis (https://redis.io/docs/latest/develop/reference/protocol-spec/).
//
// A thread of its own makes connections and writes. A request only ever uses a connection that stands already
// and waits at most `timeout`; when one fails all are dropped, and nobody waits again before the thread has a
// new one. It tries that after ever longer pauses.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "cache/shared_answers.h"

namespace riposte::cache {

struct RedisOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 6379;
  std::string socket;  // the path of a Unix socket, in place of host and port
  std::string user, password;
  int database = 0;

  std::chrono::milliseconds timeout{20};  // for one answer of Redis
  std::chrono::seconds time_to_live{3600};
  size_t max_value_bytes =
      256 << 10;  // longer answers are not shared; how much Redis keeps is its `maxmemory`
};

// "redis://[[user]:password@]host[:port][/database]" or "unix:///path[?db=database]". Errors:
// kInvalidArgument.
Result<RedisOptions> parse_redis_url(const std::string& url);

// Whether anything answers there is found out later, and told in the log. The process must ignore SIGPIPE:
// hiredis writes to connections that may be closed. Errors: kUnsupported (this program was built without
// hiredis), kInternal (no thread).
Result<std::shared_ptr<SharedAnswers>> share_through_redis(const RedisOptions& options);

}  // namespace riposte::cache
