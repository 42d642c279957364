#include <algorithm>

#include "chat/arguments.h"
#include "chat/methods.h"
#include "chat/strings.h"

namespace riposte::chat {
namespace {

template <Text (*kOperation)(Context&, const Text&)>
Value whole(Context& context, const Value& self, const Arguments& arguments) {
  bind_none("a string's method", arguments);
  return make_string(context, kOperation(context, self.as_text()));
}

template <bool kLeft, bool kRight>
Value strip_method(Context& context, const Value& self, const Arguments& arguments) {
  const auto [chars] = bind<1>("strip", arguments, {"chars"});
  const std::string_view* set = nullptr;
  if (is_given(chars)) set = &text_of("strip", *chars).bytes;
  return make_string(context, strip(context, self.as_text(), set, kLeft, kRight));
}

void push_slice(Context& context, ArenaVector<Value>& parts, const Text& text, size_t begin, size_t end) {
  context.charge();
  parts.push_back(context.arena, make_string(context, slice(context, text, begin, end)));
}

// Words between white space.
void split_words(Context& context, const Text& text, int64_t limit, ArenaVector<Value>& parts) {
  size_t at = 0;
  while (true) {
    at += leading_bytes(text.bytes.substr(at), nullptr);
    if (at == text.bytes.size()) return;
    if (limit == 0) return push_slice(context, parts, text, at, text.bytes.size());
    if (limit > 0) --limit;
    size_t end = at;
    while (end < text.bytes.size()) {
      const CodePoint point = decode_code_point(text.bytes, end);
      if (point.valid && is_space(point.value)) break;
      end += point.size;
    }
    push_slice(context, parts, text, at, end);
    at = end;
  }
}

void split_at(Context& context, const Text& text, std::string_view separator, int64_t limit,
              ArenaVector<Value>& parts) {
  size_t begin = 0;
  while (limit != 0) {
    const size_t found = text.bytes.find(separator, begin);
    if (found == std::string_view::npos) break;
    push_slice(context, parts, text, begin, found);
    begin = found + separator.size();
    if (limit > 0) --limit;
  }
  push_slice(context, parts, text, begin, text.bytes.size());
}

void split_at_from_right(Context& context, const Text& text, std::string_view separator, int64_t limit,
                         ArenaVector<Value>& parts) {
  size_t end = text.bytes.size();
  while (limit != 0 && end >= separator.size()) {
    const size_t found = text.bytes.substr(0, end).rfind(separator);
    if (found == std::string_view::npos) break;
    push_slice(context, parts, text, found + separator.size(), end);
    end = found;
    if (limit > 0) --limit;
  }
  push_slice(context, parts, text, 0, end);
  std::reverse(parts.begin(), parts.end());
}

template <bool kFromRight>
Value split(Context& context, const Value& self, const Arguments& arguments) {
  const auto [separator, maximum] = bind<2>("split", arguments, {"sep", "maxsplit"});
  const int64_t limit = integer_or("split", maximum, -1);
  const Text& text = self.as_text();
  context.charge_bytes(2 * text.bytes.size());
  ArenaVector<Value> parts;
  if (!is_given(separator)) {
    if (kFromRight && limit >= 0) raise(ErrorCode::kUnsupported, "rsplit() with a limit needs a separator");
    split_words(context, text, limit, parts);
  } else {
    const std::string_view bytes = text_of("split", *separator).bytes;
    if (bytes.empty()) raise_invalid("split() needs a separator that is not empty");
    (kFromRight ? split_at_from_right : split_at)(context, text, bytes, limit, parts);
  }
  return Value::list(context.arena, parts.view());
}

template <bool kAtStart>
Value affix(Context& context, const Value& self, const Arguments& arguments) {
  constexpr std::string_view kName = kAtStart ? "startswith" : "endswith";
  const auto [wanted] = bind<1>(kName, arguments, {"affix"}, 1);
  const std::string_view text = self.bytes();
  const auto matches = [&](const Value& value) {
    const std::string_view bytes = text_of(kName, value).bytes;
    return kAtStart ? text.starts_with(bytes) : text.ends_with(bytes);
  };
  if (!wanted->is(Kind::kTuple)) return Value::boolean(matches(*wanted));
  context.charge(wanted->items().size());
  return Value::boolean(std::any_of(wanted->items().begin(), wanted->items().end(), matches));
}

template <bool kAtStart>
Value remove_affix(Context& context, const Value& self, const Arguments& arguments) {
  const auto [affix_value] = bind<1>("removeprefix", arguments, {"affix"}, 1);
  const std::string_view affix_bytes = text_of("removeprefix", *affix_value).bytes, text = self.bytes();
  if (kAtStart ? !text.starts_with(affix_bytes) : !text.ends_with(affix_bytes)) return self;
  const size_t begin = kAtStart ? affix_bytes.size() : 0;
  return make_string(context,
                     slice(context, self.as_text(), begin, begin + text.size() - affix_bytes.size()));
}

Value replace_method(Context& context, const Value& self, const Arguments& arguments) {
  const auto [from, to, count] = bind<3>("replace", arguments, {"old", "new", "count"}, 2);
  return make_string(context, replace(context, self.as_text(), text_of("replace", *from),
                                      text_of("replace", *to), integer_or("replace", count, -1)));
}

// The position of the first or last occurrence, counted in code points; -1 if there is none.
template <bool kLast>
Value find_method(Context& context, const Value& self, const Arguments& arguments) {
  const auto [wanted] = bind<1>("find", arguments, {"sub"}, 1);
  const std::string_view text = self.bytes(), bytes = text_of("find", *wanted).bytes;
  context.charge_bytes(2 * text.size());
  const size_t found = kLast ? text.rfind(bytes) : text.find(bytes);
  if (found == std::string_view::npos) return Value::integer(-1);
  return Value::integer(static_cast<int64_t>(count_code_points(text.substr(0, found))));
}

Value index(Context& context, const Value& self, const Arguments& arguments) {
  const Value found = find_method<false>(context, self, arguments);
  if (found.as_integer() < 0) raise_invalid("index() did not find the text");
  return found;
}

Value count(Context& context, const Value& self, const Arguments& arguments) {
  const auto [wanted] = bind<1>("count", arguments, {"sub"}, 1);
  const std::string_view text = self.bytes(), bytes = text_of("count", *wanted).bytes;
  context.charge_bytes(2 * text.size());
  if (bytes.empty()) return Value::integer(static_cast<int64_t>(count_code_points(text)) + 1);
  int64_t result = 0;
  for (size_t at = text.find(bytes); at != std::string_view::npos; at = text.find(bytes, at + bytes.size()))
    ++result;
  return Value::integer(result);
}

Value join_method(Context& context, const Value& self, const Arguments& arguments) {
  const auto [list] = bind<1>("join", arguments, {"iterable"}, 1);
  const std::span<const Value> items = iterate(context, *list);
  for (const Value& item : items) text_of("join", item);
  return make_string(context, join(context, self.as_text(), items));
}

Value split_lines_method(Context& context, const Value& self, const Arguments& arguments) {
  bind_none("splitlines", arguments);
  return split_lines(context, self.as_text());
}

template <bool (*kIs)(char32_t)>
Value every(Context& context, const Value& self, const Arguments& arguments) {
  bind_none("a string's method", arguments);
  const std::string_view text = self.bytes();
  context.charge_bytes(2 * text.size());
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = decode_code_point(text, at);
    if (!point.valid || !kIs(point.value)) return Value::boolean(false);
    at += point.size;
  }
  return Value::boolean(!text.empty());
}

bool is_letter(char32_t c) {
  return letter_of(c) != Letter::kNone;
}
bool is_letter_or_digit(char32_t c) {
  return is_letter(c) || is_digit(c);
}

// isupper() and islower(): there is such a letter, and none of the other case.
template <Letter kWanted>
Value in_case(Context& context, const Value& self, const Arguments& arguments) {
  bind_none("a string's method", arguments);
  const std::string_view text = self.bytes();
  context.charge_bytes(2 * text.size());
  bool seen = false;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = decode_code_point(text, at);
    const Letter letter = point.valid ? letter_of(point.value) : Letter::kNone;
    if (letter != Letter::kNone && letter != Letter::kUncased && letter != kWanted)
      return Value::boolean(false);
    seen |= letter == kWanted;
    at += point.size;
  }
  return Value::boolean(seen);
}

// str.format() with {}, {0} and {name}; widths and conversions are not supported.
Value format(Context& context, const Value& self, const Arguments& arguments) {
  const Text& text = self.as_text();
  TextBuilder builder(context);
  size_t next = 0, plain = 0, at = 0;
  const auto field = [&](std::string_view name) -> const Value& {
    for (const auto& [key, value] : arguments.named) {
      if (key == name) return value;
    }
    size_t number = 0;
    if (name.empty()) {
      number = next++;
    } else {
      for (const char c : name) {
        if (c < '0' || c > '9' || number > arguments.positional.size()) {
          raise(ErrorCode::kUnsupported,
                "format() knows '{{}}', '{{0}}' and '{{name}}', and has nothing for '{{{}}}'", name);
        }
        number = 10 * number + static_cast<size_t>(c - '0');
      }
    }
    if (number >= arguments.positional.size()) raise_invalid("format() is given too few values");
    return arguments.positional[number];
  };
  while (at < text.bytes.size()) {
    const char c = text.bytes[at];
    if (c != '{' && c != '}') {
      ++at;
      continue;
    }
    context.charge();
    builder.append(slice(context, text, plain, at));
    if (at + 1 < text.bytes.size() && text.bytes[at + 1] == c) {
      builder.append(slice(context, text, at, at + 1));
      at += 2;
    } else {
      const size_t end = text.bytes.find('}', at);
      if (c == '}' || end == std::string_view::npos)
        raise_invalid("format() found a brace without its partner");
      append_text(context, builder, field(text.bytes.substr(at + 1, end - at - 1)));
      at = end + 1;
    }
    plain = at;
  }
  builder.append(slice(context, text, plain, at));
  return make_string(context, builder.finish());
}

struct Named {
  std::string_view name;
  Method method;
};

constexpr Named kMethods[] = {
    {"strip", strip_method<true, true>},
    {"lstrip", strip_method<true, false>},
    {"rstrip", strip_method<false, true>},
    {"split", split<false>},
    {"rsplit", split<true>},
    {"splitlines", split_lines_method},
    {"startswith", affix<true>},
    {"endswith", affix<false>},
    {"removeprefix", remove_affix<true>},
    {"removesuffix", remove_affix<false>},
    {"upper", whole<upper>},
    {"lower", whole<lower>},
    {"title", whole<title>},
    {"capitalize", whole<capitalize>},
    {"replace", replace_method},
    {"find", find_method<false>},
    {"rfind", find_method<true>},
    {"index", index},
    {"count", count},
    {"join", join_method},
    {"format", format},
    {"isspace", every<is_space>},
    {"isdigit", every<is_digit>},
    {"isalpha", every<is_letter>},
    {"isalnum", every<is_letter_or_digit>},
    {"isupper", in_case<Letter::kUpper>},
    {"islower", in_case<Letter::kLower>},
};

}  // namespace

Method find_string_method(std::string_view name) {
  for (const Named& named : kMethods) {
    if (named.name == name) return named.method;
  }
  return nullptr;
}

}  // namespace riposte::chat
