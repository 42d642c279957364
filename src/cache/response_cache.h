// Exact answers by exact requests, in memory.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cache/shared_answers.h"
#include "engine/request.h"

namespace riposte::cache {

// All that decides an answer, as bytes: two requests have the same key exactly if they have the same answer
// by the same right. Request::owner: whose answers they are; a difference in time must not tell one user what
// another asked. `model`: fingerprint of weights and configuration. What only changes speed (drafts) is no
// part of it.
std::string request_key(std::string_view model, const engine::Request& request);

struct ResponseCacheOptions {
  size_t max_bytes = size_t{64} << 20;  // keys and answers together; beyond, the longest unused leave
  std::chrono::seconds time_to_live{3600};
};

// Thread-safe.
class ResponseCache {
 public:
  using Clock = std::chrono::steady_clock;
  using Now = std::function<Clock::time_point()>;

  // `now` is a test's own clock. `shared`: where other servers' answers are found, too, and these given to;
  // null: none.
  explicit ResponseCache(const ResponseCacheOptions& options, Now now = Clock::now,
                         std::shared_ptr<SharedAnswers> shared = nullptr);

  // Null if there is none. It stays valid though it may leave the cache meanwhile. `plausible` is for those
  // of others.
  std::shared_ptr<const CachedAnswer> find(std::string_view key, const Plausible& plausible = {});
  // Replaces what was there. An answer that alone is beyond the budget is not kept here, but may be shared.
  void put(std::string key, CachedAnswer answer);

  struct Counts {
    int64_t hits = 0;
    int64_t misses = 0;
    int64_t entries = 0;
    int64_t bytes = 0;
    SharedCounts shared;
  };
  Counts counts() const;

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const CachedAnswer> answer;
    size_t bytes = 0;
    Clock::time_point expires;
  };
  // Seeded by chance, so that nobody can choose keys that fall into one bucket.
  struct Hash {
    uint64_t seed;
    size_t operator()(std::string_view key) const;
  };
  using Entries = std::list<Entry>;

  std::shared_ptr<const CachedAnswer> find_here(std::string_view key);
  std::shared_ptr<const CachedAnswer> keep(std::string key, CachedAnswer answer);
  void drop(Entries::iterator entry);

  const ResponseCacheOptions options_;
  const Now now_;
  const std::shared_ptr<SharedAnswers> shared_;
  mutable std::mutex mutex_;
  Entries entries_;                                                      // the last used first
  std::unordered_map<std::string_view, Entries::iterator, Hash> index_;  // keys point into entries_
  Counts counts_;
};

}  // namespace riposte::cache
