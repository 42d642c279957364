// The keys and values of all layers, in numbered pages of 16 tokens.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "model/executor.h"

namespace riposte::executor {

inline constexpr int32_t kPageTokens = 16;

class KvPages {
 public:
  // `width`: floats of a token's keys in one layer, kv_heads * head_size. Throws std::bad_alloc.
  KvPages(int32_t layers, int32_t pages, int32_t width);

  // The keys (or values) of the token at `position` of the sequence with that page table: [width]
  float* key(int32_t layer, std::span<const model::PageId> table, int32_t position);
  float* value(int32_t layer, std::span<const model::PageId> table, int32_t position);

  // The first `tokens` slots of all layers.
  void copy(model::PageId from, model::PageId to, int32_t tokens);

 private:
  size_t offset(std::span<const model::PageId> table, int32_t position) const;

  const int32_t pages_;
  const size_t width_;
  std::vector<AlignedBuffer<float>> keys_;    // [layers][pages, kPageTokens, width]
  std::vector<AlignedBuffer<float>> values_;  // the same
};

}  // namespace riposte::executor
