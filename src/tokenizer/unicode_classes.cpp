#include "tokenizer/unicode_classes.h"

#include <algorithm>
#include <map>

namespace riposte::tokenizer {
namespace {

struct Range {
  char32_t first;
  char32_t last;
  uint8_t classes;
};

constexpr Range kRanges[] = {
#include "tokenizer/unicode_ranges.inc"
};

}  // namespace

const UnicodeClasses& UnicodeClasses::get() {
  static const UnicodeClasses classes;
  return classes;
}

UnicodeClasses::UnicodeClasses() {
  using Block = std::array<uint8_t, kBlockSize>;
  std::map<Block, uint16_t> known;
  const Range* range = std::begin(kRanges);
  for (size_t index = 0; index < block_of_.size(); ++index) {
    const char32_t first = static_cast<char32_t>(index * kBlockSize);
    const char32_t last = first + kBlockSize - 1;
    Block block{};
    for (; range != std::end(kRanges) && range->first <= last; ++range) {
      const char32_t from = std::max(range->first, first);
      const char32_t to = std::min(range->last, last);
      std::fill(block.begin() + (from - first), block.begin() + (to - first) + 1, range->classes);
      if (range->last > last) break;  // the range goes on in the next block
    }
    const auto [entry, is_new] = known.try_emplace(block, static_cast<uint16_t>(known.size()));
    if (is_new) blocks_.insert(blocks_.end(), block.begin(), block.end());
    block_of_[index] = entry->second;
  }
}

}  // namespace riposte::tokenizer
