#include "tokenizer/added_tokens.h"

#include <algorithm>
#include <cstdint>
#include <string>

namespace riposte::tokenizer {

AddedTokens::AddedTokens(const Vocabulary& vocabulary) {
  for (TokenId id = 0; vocabulary.contains(id); ++id) {
    const bool is_control = vocabulary.is_control(id);
    if (!is_control && vocabulary.type(id) != TokenType::kUserDefined) continue;
    const std::string_view text = vocabulary.written(id);
    if (text.empty()) continue;
    entries_.push_back({std::string(text), id, is_control});
    (is_control ? begins_control_ : begins_user_)[static_cast<uint8_t>(text[0])] = true;
  }
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.text < b.text; });
}

AddedTokens::Match AddedTokens::match(std::string_view text, size_t at, size_t trusted_end) const {
  const auto first = static_cast<uint8_t>(text[at]);
  if (!begins_user_[first] && !(begins_control_[first] && at < trusted_end)) return {};
  // Narrow the sorted list down byte by byte to the entries that go on as the text does; one that ends here
  // is the first of those left.
  Match longest;
  auto low = entries_.begin();
  auto high = entries_.end();
  for (size_t depth = 0; low != high; ++depth) {
    if (low->text.size() == depth) {
      if (!low->is_control || at + depth <= trusted_end) longest = {low->id, depth};
      if (++low == high) break;
    }
    if (at + depth >= text.size()) break;
    const auto byte = static_cast<uint8_t>(text[at + depth]);
    const auto byte_of = [depth](const Entry& entry) { return static_cast<uint8_t>(entry.text[depth]); };
    low = std::lower_bound(low, high, byte, [&](const Entry& e, uint8_t b) { return byte_of(e) < b; });
    high = std::upper_bound(low, high, byte, [&](uint8_t b, const Entry& e) { return b < byte_of(e); });
  }
  return longest;
}

}  // namespace riposte::tokenizer
