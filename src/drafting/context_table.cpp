#include "drafting/context_table.h"

#include <algorithm>

namespace riposte::drafting {
namespace {

constexpr uint16_t kMostSeen = 1000;  // then both counts are halved, so that new habits are noticed

}  // namespace

ContextTable::ContextTable(size_t most_bytes)
    : entries_(std::max<size_t>(1, most_bytes / (kWays * sizeof(Entry))) * kWays) {}

size_t ContextTable::place_of(uint64_t context) const {
  const size_t places = entries_.size() / kWays;
  return static_cast<size_t>((context ^ (context >> 32)) % places) * kWays;
}

std::optional<ContextTable::Known> ContextTable::find(uint64_t context) const {
  const std::lock_guard lock(mutex_);
  const size_t place = place_of(context);
  for (size_t way = place; way < place + kWays; ++way) {
    const Entry& entry = entries_[way];
    if (entry.seen == 0 || entry.context != context) continue;
    return Known{.tokens = entry.tokens, .size = entry.size, .taken = entry.taken, .seen = entry.seen};
  }
  return std::nullopt;
}

void ContextTable::observe(uint64_t context, std::span<const TokenId> written) {
  if (written.size() > kMostTokens) written = {};
  const std::lock_guard lock(mutex_);
  const size_t place = place_of(context);
  Entry* entry = nullptr;
  Entry* oldest = &entries_[place];
  for (size_t way = place; way < place + kWays; ++way) {
    Entry& one = entries_[way];
    if (one.seen > 0 && one.context == context) entry = &one;
    const auto age = [&](const Entry& each) {  // of the empty ones, all
      return each.seen == 0 ? UINT32_MAX : now_ - each.touched;
    };
    const bool is_idle = one.taken == 0;
    const bool oldest_is_idle = oldest->taken == 0;
    if (is_idle != oldest_is_idle ? is_idle : age(one) > age(*oldest)) oldest = &one;
  }
  if (entry == nullptr) {
    entry = oldest;
    *entry = Entry{.context = context};
  }
  entry->touched = ++now_;
  if (entry->seen == kMostSeen) {
    entry->seen /= 2;
    entry->taken /= 2;
  }
  ++entry->seen;
  if (written.empty()) return;
  if (std::ranges::equal(written, std::span(entry->tokens).first(static_cast<size_t>(entry->size)))) {
    ++entry->taken;
  } else if (entry->taken > 1) {
    --entry->taken;
  } else {
    std::ranges::copy(written, entry->tokens.begin());
    entry->size = static_cast<int32_t>(written.size());
    entry->taken = 1;
  }
}

}  // namespace riposte::drafting
