#include "chat/strings.h"

namespace riposte::chat {

Text upper(Context& context, const Text& text) {
  return map_characters(context, text, [](char32_t c, std::string& out) { append_upper(out, c); });
}

Text lower(Context& context, const Text& text) {
  return map_characters(context, text, [](char32_t c, std::string& out) { append_lower(out, c); });
}

Text capitalize(Context& context, const Text& text) {
  bool first = true;
  return map_characters(context, text, [&first](char32_t c, std::string& out) {
    first ? append_title(out, c) : append_lower(out, c);
    first = false;
  });
}

Text title(Context& context, const Text& text) {
  bool in_word = false;
  return map_characters(context, text, [&in_word](char32_t c, std::string& out) {
    in_word ? append_lower(out, c) : append_title(out, c);
    const Letter letter = letter_of(c);
    in_word = letter != Letter::kNone && letter != Letter::kUncased;
  });
}

Text strip(Context& context, const Text& text, const std::string_view* set, bool left, bool right) {
  context.charge_bytes(text.bytes.size() * (set ? 1 + set->size() / 8 : 1));
  const size_t begin = left ? leading_bytes(text.bytes, set) : 0;
  const size_t end = text.bytes.size() - (right ? trailing_bytes(text.bytes.substr(begin), set) : 0);
  return slice(context, text, begin, end);
}

Text replace(Context& context, const Text& text, const Text& from, const Text& to, int64_t limit) {
  context.charge_bytes(text.bytes.size());
  TextBuilder builder(context);
  size_t done = 0, search = 0;
  while (limit != 0) {
    const size_t found = from.bytes.empty() ? search : text.bytes.find(from.bytes, search);
    if (found == std::string_view::npos || found > text.bytes.size()) break;
    context.charge();
    builder.append(slice(context, text, done, found));
    builder.append(to);
    done = found + from.bytes.size();
    search = done;
    if (from.bytes.empty()) {  // before every character and at the end
      search = found == text.bytes.size() ? found + 1 : found + decode_code_point(text.bytes, found).size;
    }
    if (limit > 0) --limit;
  }
  if (done == 0 && builder.size() == 0)
    return text.bytes.empty() || !from.bytes.empty() ? text : builder.finish();
  builder.append(slice(context, text, done, text.bytes.size()));
  return builder.finish();
}

Text join(Context& context, const Text& separator, std::span<const Value> items) {
  TextBuilder builder(context);
  bool first = true;
  for (const Value& item : items) {
    context.charge();
    if (!first) builder.append(separator);
    first = false;
    append_text(context, builder, item);
  }
  return builder.finish();
}

Value split_lines(Context& context, const Text& text) {
  context.charge_bytes(4 * text.bytes.size());
  ArenaVector<Value> lines;
  size_t begin = 0;
  for (size_t at = 0; at < text.bytes.size();) {
    const size_t line_break = line_break_bytes(text.bytes, at);
    if (line_break == 0) {
      at += decode_code_point(text.bytes, at).size;
      continue;
    }
    lines.push_back(context.arena, make_string(context, slice(context, text, begin, at)));
    begin = at += line_break;
  }
  if (begin < text.bytes.size()) {
    lines.push_back(context.arena, make_string(context, slice(context, text, begin, text.bytes.size())));
  }
  return Value::list(context.arena, lines.view());
}

}  // namespace riposte::chat
