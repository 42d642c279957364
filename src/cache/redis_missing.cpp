// Where the library hiredis was not there when Riposte was built.
#include "cache/redis.h"

namespace riposte::cache {

Result<std::shared_ptr<SharedAnswers>> share_through_redis(const RedisOptions&) {
  return fail(ErrorCode::kUnsupported,
              "this riposte was built without Redis: install libhiredis-dev and build it again, or leave the "
              "option out");
}

}  // namespace riposte::cache
