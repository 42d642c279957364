// Operations on strings that both methods and filters offer. All keep the marks of trust.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "chat/unicode.h"
#include "chat/value.h"

namespace riposte::chat {

// Rewrites a text character by character: rewrite(character, out) appends to `out`. What comes of trusted
// characters is trusted. Bytes that are not UTF-8 stay as they are.
template <class Rewrite>
Text map_characters(Context& context, const Text& text, Rewrite rewrite) {
  context.charge_bytes(4 * text.bytes.size());
  TextBuilder builder(context);
  std::string piece;
  const auto append = [&](size_t begin, size_t end, bool own) {
    piece.clear();
    for (size_t at = begin; at < end;) {
      const CodePoint point = decode_code_point(text.bytes, at);
      if (point.valid) {
        rewrite(point.value, piece);
      } else {
        piece += text.bytes[at];
      }
      at += point.size;
    }
    own ? builder.append_own(piece) : builder.append_foreign(piece);
  };
  if (text.trust != Trust::kMixed) {
    append(0, text.bytes.size(), text.trust == Trust::kAll);
    return builder.finish();
  }
  size_t at = 0;
  for (const auto& range : text.trusted) {
    append(at, range.begin, false);
    append(range.begin, range.end, true);
    at = range.end;
  }
  append(at, text.bytes.size(), false);
  return builder.finish();
}

Text upper(Context& context, const Text& text);
Text lower(Context& context, const Text& text);
Text capitalize(Context& context, const Text& text);
Text title(Context& context, const Text& text);  // str.title(): a word is a run of letters
// str.strip(): white space, or the characters of `set`.
Text strip(Context& context, const Text& text, const std::string_view* set, bool left, bool right);
// At most `limit` replacements, all of them if it is negative.
Text replace(Context& context, const Text& text, const Text& from, const Text& to, int64_t limit);
Text join(Context& context, const Text& separator, std::span<const Value> items);
Value split_lines(Context& context, const Text& text);

}  // namespace riposte::chat
