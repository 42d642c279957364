// Beginnings of prompts that stay in KV memory as long as the engine lives: the instructions of presets. They
// come from a snapshot on disk where there is one, and are computed when nobody else waits where there is
// none.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/token.h"
#include "kvcache/page_cache.h"
#include "kvcache/snapshot.h"
#include "model/executor.h"

namespace riposte::engine {

struct PinOptions {
  std::vector<std::vector<TokenId>> beginnings = {};  // none of them empty
  std::filesystem::path snapshot = {};                // the file; empty: none is read or written
  std::string numbers = {};                           // see kvcache::SnapshotKey
};

// Pages for all beginnings, but at most half of those that exist.
int32_t pages_to_pin(const PinOptions& options, const model::ExecutorLimits& limits);

// Used by one thread. Whatever fails costs speed only, and is told to the log.
class Pins {
 public:
  // All of them must outlive this.
  Pins(model::Executor& executor, kvcache::PageCache& cache, PinOptions options);
  ~Pins();  // waits for the snapshot to be written
  Pins(const Pins&) = delete;
  Pins& operator=(const Pins&) = delete;

  // Pins what the snapshot has, and returns what is to be computed.
  std::vector<std::vector<TokenId>> restore();
  // A beginning that was to be computed is in the cache (or could not be). After the last one the snapshot is
  // written, on a thread of its own.
  void computed(std::span<const TokenId> beginning);

 private:
  bool put_in(const kvcache::SnapshotEntry& entry);
  bool take_out(kvcache::SnapshotEntry& entry);
  bool pin(std::span<const TokenId> beginning);
  void save();
  bool has_snapshot() const { return !options_.snapshot.empty() && key_.page_bytes > 0; }

  model::Executor& executor_;
  kvcache::PageCache& cache_;
  const PinOptions options_;
  const kvcache::SnapshotKey key_;
  std::vector<std::vector<TokenId>> pinned_;
  int32_t pinned_pages_ = 0;  // at most; some of them may be the same
  size_t missing_ = 0;  // beginnings that are being computed
  std::thread writer_;
};

}  // namespace riposte::engine
