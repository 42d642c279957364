// One connection to Redis, with a time limit for everything.
#pragma once

#include <hiredis/hiredis.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cache/redis.h"

namespace riposte::cache {

class RedisConnection {
 public:
  struct Free {
    void operator()(redisReply* reply) const { freeReplyObject(reply); }
  };
  using Reply = std::unique_ptr<redisReply, Free>;

  // Connects, says who asks, selects the database and sees whether Redis answers. May take longer than the
  // timeout where a name has to be looked up. Errors: kIo.
  static Result<RedisConnection> open(const RedisOptions& options);

  // Errors: kIo, after which the connection is of no use any more; an error that Redis tells is a reply.
  Result<Reply> command(const std::vector<std::string>& words);

 private:
  struct Close {
    void operator()(redisContext* context) const { redisFree(context); }
  };
  RedisConnection(redisContext* context, std::chrono::milliseconds timeout)
      : context_(context), timeout_(timeout) {}

  std::unique_ptr<redisContext, Close> context_;
  std::chrono::milliseconds timeout_;
};

}  // namespace riposte::cache
