#include "engine/pins.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace riposte::engine {
namespace {

constexpr TokenId kAnyToken = 0;

// PageCache::open() leaves the last token of a text to be computed: behind this one that is none of the
// text's.
std::vector<TokenId> with_one_more(std::span<const TokenId> text) {
  std::vector<TokenId> longer(text.begin(), text.end());
  longer.push_back(kAnyToken);
  return longer;
}

int32_t pages_of(size_t tokens, int32_t page_size) {
  return static_cast<int32_t>((tokens + static_cast<size_t>(page_size) - 1) / static_cast<size_t>(page_size));
}

kvcache::SnapshotKey key_of(const model::Executor& executor, const PinOptions& options) {
  return {options.numbers, executor.limits().page_size, executor.page_bytes()};
}

}  // namespace

int32_t pages_to_pin(const PinOptions& options, const model::ExecutorLimits& limits) {
  int64_t pages = 0;
  for (const auto& beginning : options.beginnings) pages += pages_of(beginning.size(), limits.page_size);
  return static_cast<int32_t>(std::min<int64_t>(pages, limits.pages / 2));
}

Pins::Pins(model::Executor& executor, kvcache::PageCache& cache, PinOptions options)
    : executor_(executor), cache_(cache), options_(std::move(options)), key_(key_of(executor, options_)) {}

Pins::~Pins() {
  if (writer_.joinable()) writer_.join();
}

std::vector<std::vector<TokenId>> Pins::restore() {
  std::vector<kvcache::SnapshotEntry> kept;
  if (has_snapshot() && !options_.beginnings.empty()) {
    const uint64_t most = (uint64_t{1} << 20) + static_cast<uint64_t>(cache_.pages()) * key_.page_bytes;
    auto read = kvcache::read_snapshot(options_.snapshot, key_, most);
    if (read) {
      kept = std::move(*read);
    } else if (read.error().code != ErrorCode::kNotFound) {
      spdlog::warn("instructions are computed anew: {}", read.error().message);
    }
  }
  std::vector<std::vector<TokenId>> missing;
  for (const std::vector<TokenId>& beginning : options_.beginnings) {
    const auto entry = std::ranges::find(kept, beginning, &kvcache::SnapshotEntry::tokens);
    if (entry == kept.end() || !put_in(*entry) || !pin(beginning)) missing.push_back(beginning);
  }
  missing_ = missing.size();
  return missing;
}

// As if a sequence had computed it.
bool Pins::put_in(const kvcache::SnapshotEntry& entry) {
  const auto tokens = static_cast<int32_t>(entry.tokens.size());
  auto opened = cache_.open(with_one_more(entry.tokens), tokens + 1);
  if (!opened) return false;
  kvcache::Lease& lease = opened->lease;
  const int32_t shared = lease.cached_tokens() / key_.page_size;
  cache_.grow(lease, tokens);
  for (int32_t page = shared; page < cache_.pages_for(tokens); ++page) {
    executor_.write_page(
        lease.pages()[static_cast<size_t>(page)],
        std::span(entry.pages).subspan(static_cast<size_t>(page) * key_.page_bytes, key_.page_bytes));
  }
  cache_.close(lease, entry.tokens);
  return true;
}

bool Pins::take_out(kvcache::SnapshotEntry& entry) {
  const auto tokens = static_cast<int32_t>(entry.tokens.size());
  auto opened = cache_.open(with_one_more(entry.tokens), tokens + 1);
  if (!opened) return false;
  kvcache::Lease& lease = opened->lease;
  const bool all = lease.cached_tokens() == tokens;
  if (all) {
    entry.pages.resize(static_cast<size_t>(cache_.pages_for(tokens)) * key_.page_bytes);
    for (int32_t page = 0; page < cache_.pages_for(tokens); ++page) {
      const int32_t in_page = std::min(tokens - page * key_.page_size, key_.page_size);
      // The last, incomplete page is that of which a sequence would have got a copy.
      const model::PageId id =
          in_page < key_.page_size ? opened->copy->from : lease.pages()[static_cast<size_t>(page)];
      executor_.read_page(
          id, in_page,
          std::span(entry.pages).subspan(static_cast<size_t>(page) * key_.page_bytes, key_.page_bytes));
    }
  }
  cache_.close(lease, {});
  return all;
}

bool Pins::pin(std::span<const TokenId> beginning) {
  const int32_t pages = cache_.pages_for(static_cast<int32_t>(beginning.size()));
  if (pinned_pages_ + pages > cache_.pages() / 2) {
    spdlog::warn(
        "an instruction is not kept in memory: half of the KV memory would be in use for instructions");
    return false;
  }
  if (cache_.cached_tokens(with_one_more(beginning)) < static_cast<int32_t>(beginning.size())) return false;
  if (!cache_.pin(beginning)) return false;
  pinned_pages_ += pages;
  pinned_.emplace_back(beginning.begin(), beginning.end());
  return true;
}

void Pins::computed(std::span<const TokenId> beginning) {
  pin(beginning);
  if (missing_ > 0 && --missing_ == 0) save();
}

void Pins::save() try {
  if (!has_snapshot() || pinned_.empty()) return;
  std::vector<kvcache::SnapshotEntry> entries;
  for (const auto& beginning : pinned_) {
    kvcache::SnapshotEntry entry{beginning, {}};
    if (take_out(entry)) entries.push_back(std::move(entry));
  }
  writer_ = std::thread([path = options_.snapshot, key = key_, entries = std::move(entries)] {
    const auto written = kvcache::write_snapshot(path, key, entries);
    if (!written) spdlog::warn("the next start will compute instructions anew: {}", written.error().message);
  });
} catch (const std::exception& failed) {
  spdlog::warn("the next start will compute instructions anew: {}", failed.what());
}

}  // namespace riposte::engine
