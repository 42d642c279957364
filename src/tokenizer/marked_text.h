// Text in which it is known which bytes were written by Riposte (a chat template) and which came from a user.
//
// Only bytes of Riposte's own can spell a special token: `<|im_start|>` inside a user's sentence stays text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace riposte::tokenizer {

struct ByteRange {
  size_t begin = 0;
  size_t end = 0;  // one past the last byte
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

struct MarkedText {
  std::string text;                // UTF-8
  std::vector<ByteRange> trusted;  // ascending, not overlapping, not touching: where special tokens may be

  void append_trusted(std::string_view piece);
  void append_untrusted(std::string_view piece);
  void append(const MarkedText& other);
};

}  // namespace riposte::tokenizer
