// Keys and values of all layers in half precision, by pages of 16 positions.
//
// A page of a layer and head holds its keys as [head_size][16] and its values as [16][head_size]: a vector lane is a key
// while scores are computed and a dimension while values are summed (kernels::AttentionHeads).
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstddef>
#include <span>
#include <cstring>

#include "base/aligned_buffer.h"
#include "kernels/ops.h"
#include "model/executor.h"

namespace riposte::executor {

inline constexpr int32_t kPageSize = kernels::kKeyBlock;

class KvMemory {
 public:
  KvMemory(int32_t layers, int32_t pages, int32_t kv_heads, int32_t head_size)
      : layers_(layers),
        pages_(pages),
        head_size_(head_size),
        page_stride_(static_cast<size_t>(kv_heads) * head_halves()),
        keys_(static_cast<size_t>(layers) * static_cast<size_t>(pages) * page_stride_),
        values_(keys_.size()) {}

  // Of page 0 of a layer and head; page p is p * page_stride() further.
  const uint16_t* keys(int32_t layer, int32_t head) const { return keys_.data() + offset(layer, head); }
  const uint16_t* values(int32_t layer, int32_t head) const { return values_.data() + offset(layer, head); }
  size_t page_stride() const { return page_stride_; }

  // Store one position's key or value of a head: [head_size].
  void store_key(int32_t layer, int32_t head, model::PageId page, int32_t slot, const uint16_t* key) {
    uint16_t* keys = keys_.data() + offset(layer, head) + static_cast<size_t>(page) * page_stride_ + slot;
    for (int32_t i = 0; i < head_size_; ++i) keys[i * kPageSize] = key[i];
  }
  void store_value(int32_t layer, int32_t head, model::PageId page, int32_t slot, const uint16_t* value) {
    const size_t at = offset(layer, head) + static_cast<size_t>(page) * page_stride_;
    std::copy_n(value, head_size_, values_.data() + at + static_cast<size_t>(slot) * static_cast<size_t>(head_size_));
  }

  // Whole pages: slots that were not written yet are copied too, which does no harm.
  void copy_page(model::PageId from, model::PageId to) {
    for (int32_t layer = 0; layer < layers_; ++layer) {
      const size_t source = offset(layer, 0) + static_cast<size_t>(from) * page_stride_;
      const size_t target = offset(layer, 0) + static_cast<size_t>(to) * page_stride_;
      for (size_t i = 0; i < page_stride_; ++i) {
        keys_[target + i] = keys_[source + i];
        values_[target + i] = values_[source + i];
      }
    }
  }

  size_t page_bytes() const { return 2 * static_cast<size_t>(layers_) * page_stride_ * sizeof(uint16_t); }
  // A page of all layers: keys, values, keys of the next layer, ...; zeros in slots from `tokens` on.
  void read_page(model::PageId page, int32_t tokens, std::span<std::byte> to) const {
    std::ranges::fill(to, std::byte{0});
    std::byte* out = to.data();
    for (int32_t layer = 0; layer < layers_; ++layer) {
      const size_t at = offset(layer, 0) + static_cast<size_t>(page) * page_stride_;
      for (size_t i = 0; i < page_stride_; ++i, out += sizeof(uint16_t)) {
        if (static_cast<int32_t>(i) % kPageSize < tokens) std::memcpy(out, &keys_[at + i], sizeof(uint16_t));
      }
      for (size_t i = 0; i < page_stride_; ++i, out += sizeof(uint16_t)) {
        const auto slot = static_cast<int32_t>(i) / head_size_ % kPageSize;
        if (slot < tokens) std::memcpy(out, &values_[at + i], sizeof(uint16_t));
      }
    }
  }
  void write_page(model::PageId page, std::span<const std::byte> from) {
    const std::byte* in = from.data();
    for (int32_t layer = 0; layer < layers_; ++layer) {
      const size_t at = offset(layer, 0) + static_cast<size_t>(page) * page_stride_;
      std::memcpy(&keys_[at], in, page_stride_ * sizeof(uint16_t));
      in += page_stride_ * sizeof(uint16_t);
      std::memcpy(&values_[at], in, page_stride_ * sizeof(uint16_t));
      in += page_stride_ * sizeof(uint16_t);
    }
  }

  size_t bytes() const { return (keys_.size() + values_.size()) * sizeof(uint16_t); }

 private:
  size_t head_halves() const { return static_cast<size_t>(kPageSize) * static_cast<size_t>(head_size_); }
  size_t offset(int32_t layer, int32_t head) const {
    return static_cast<size_t>(layer) * static_cast<size_t>(pages_) * page_stride_ + static_cast<size_t>(head) * head_halves();
  }

  int32_t layers_;
  int32_t pages_;
  int32_t head_size_;
  size_t page_stride_;            // halves of all heads of a page
  AlignedBuffer<uint16_t> keys_;  // [layers][pages][kv_heads][head_size][16]
  AlignedBuffer<uint16_t> values_;  // [layers][pages][kv_heads][16][head_size]
};

}  // namespace riposte::executor
