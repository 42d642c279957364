// Between an engine and a listener: what passes is also kept for the next who asks the same.
#pragma once

#include <memory>
#include <string>

#include "cache/response_cache.h"
#include "engine/request.h"

namespace riposte::cache {

// Tells `listener` everything, and puts the answer into the cache under `key` once it has ended as it should
// (kStop or kLength).
engine::Listener recorded(std::shared_ptr<ResponseCache> cache, std::string key, engine::Listener listener);

// Tells a kept answer as if it were computed: all its text at once, no time, and the whole prompt as cached.
void replay(const CachedAnswer& answer, const engine::Listener& listener);

}  // namespace riposte::cache
