#include "executor/float/kv_pages.h"

#include <algorithm>

#include "base/check.h"

namespace riposte::executor {

KvPages::KvPages(int32_t layers, int32_t pages, int32_t width)
    : pages_(pages), width_(static_cast<size_t>(width)) {
  const size_t floats = static_cast<size_t>(pages) * kPageTokens * width_;
  for (int32_t layer = 0; layer < layers; ++layer) {
    keys_.emplace_back(floats);
    values_.emplace_back(floats);
  }
}

float* KvPages::key(int32_t layer, std::span<const model::PageId> table, int32_t position) {
  return keys_[static_cast<size_t>(layer)].data() + offset(table, position);
}

float* KvPages::value(int32_t layer, std::span<const model::PageId> table, int32_t position) {
  return values_[static_cast<size_t>(layer)].data() + offset(table, position);
}

size_t KvPages::offset(std::span<const model::PageId> table, int32_t position) const {
  const auto page = static_cast<size_t>(table[static_cast<size_t>(position / kPageTokens)]);
  return (page * kPageTokens + static_cast<size_t>(position % kPageTokens)) * width_;
}

void KvPages::copy(model::PageId from, model::PageId to, int32_t tokens) {
  RIPOSTE_CHECK(from >= 0 && from < pages_ && to >= 0 && to < pages_ && tokens >= 0 && tokens <= kPageTokens);
  if (from == to) return;
  const size_t page_floats = kPageTokens * width_;
  const size_t floats = static_cast<size_t>(tokens) * width_;
  for (std::vector<AlignedBuffer<float>>* side : {&keys_, &values_}) {
    for (AlignedBuffer<float>& layer : *side) {
      std::copy_n(layer.data() + static_cast<size_t>(from) * page_floats, floats,
                  layer.data() + static_cast<size_t>(to) * page_floats);
    }
  }
}

}  // namespace riposte::executor
