// Strings by number and numbers by string, for vocabularies of hundreds of thousands of short strings: one
// block of characters, one flat hash table, no allocation per string.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/token.h"

namespace riposte::tokenizer {

// Strings one after the other in one block, numbered from 0.
class StringPool {
 public:
  void reserve(size_t strings, size_t bytes);
  void add(std::string_view string);
  size_t size() const { return begins_.size() - 1; }
  std::string_view operator[](size_t index) const {
    return std::string_view(characters_).substr(begins_[index], begins_[index + 1] - begins_[index]);
  }

 private:
  std::string characters_;
  std::vector<size_t> begins_ = {0};
};

// An open-addressing hash table over strings of a pool that is handed in with every call (so that both can
// move).
class StringTable {
 public:
  void reserve(size_t strings);  // once, before the first insert, for at least as many as will be inserted
  // Returns kNoToken if `pool[id]` was new, otherwise the id that has this string already (and stays).
  TokenId insert(const StringPool& pool, TokenId id);
  TokenId find(const StringPool& pool, std::string_view string) const;  // kNoToken if absent

 private:
  struct Slot {
    uint32_t tag = 0;  // high bits of the hash: spares nearly every comparison of strings that differ
    TokenId id = kNoToken;
  };

  std::vector<Slot> slots_ = {Slot{}};  // a power of two, at most half full
};

}  // namespace riposte::tokenizer
