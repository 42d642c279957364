#include "tokenizer/marked_text.h"

namespace riposte::tokenizer {

void MarkedText::append_trusted(std::string_view piece) {
  if (piece.empty()) return;
  if (!trusted.empty() && trusted.back().end == text.size()) {
    trusted.back().end += piece.size();
  } else {
    trusted.push_back({text.size(), text.size() + piece.size()});
  }
  text.append(piece);
}

void MarkedText::append_untrusted(std::string_view piece) {
  text.append(piece);
}

void MarkedText::append(const MarkedText& other) {
  if (this == &other) return append(MarkedText(other));
  const size_t offset = text.size();
  text.append(other.text);
  for (const ByteRange& range : other.trusted) {
    if (!trusted.empty() && trusted.back().end == range.begin + offset) {
      trusted.back().end = range.end + offset;
    } else {
      trusted.push_back({range.begin + offset, range.end + offset});
    }
  }
}

}  // namespace riposte::tokenizer
