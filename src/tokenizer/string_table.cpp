#include "tokenizer/string_table.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <bit>

namespace riposte::tokenizer {

void StringPool::reserve(size_t strings, size_t bytes) {
  begins_.reserve(strings + 1);
  characters_.reserve(bytes);
}

void StringPool::add(std::string_view string) {
  characters_.append(string);
  begins_.push_back(characters_.size());
}

void StringTable::reserve(size_t strings) {
  slots_.assign(std::bit_ceil(2 * strings + 1), Slot{});
}

TokenId StringTable::insert(const StringPool& pool, TokenId id) {
  const std::string_view string = pool[static_cast<size_t>(id)];
  const uint64_t hash = XXH3_64bits(string.data(), string.size());
  const auto tag = static_cast<uint32_t>(hash >> 32);
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  for (; slots_[at].id != kNoToken; at = (at + 1) & mask) {
    if (slots_[at].tag == tag && pool[static_cast<size_t>(slots_[at].id)] == string) return slots_[at].id;
  }
  slots_[at] = {tag, id};
  return kNoToken;
}

TokenId StringTable::find(const StringPool& pool, std::string_view string) const {
  const uint64_t hash = XXH3_64bits(string.data(), string.size());
  const auto tag = static_cast<uint32_t>(hash >> 32);
  const size_t mask = slots_.size() - 1;
  for (size_t at = hash & mask; slots_[at].id != kNoToken; at = (at + 1) & mask) {
    if (slots_[at].tag == tag && pool[static_cast<size_t>(slots_[at].id)] == string) return slots_[at].id;
  }
  return kNoToken;
}

}  // namespace riposte::tokenizer
