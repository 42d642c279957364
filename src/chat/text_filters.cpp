#include "chat/arguments.h"
#include "chat/filters.h"
#include "chat/json.h"
#include "chat/operators.h"
#include "chat/strings.h"

namespace riposte::chat {
namespace {

template <Text (*kOperation)(Context&, const Text&)>
Value whole(Context& context, const Value& input, const Arguments& arguments) {
  bind_none("a filter", arguments);
  return make_string(context, kOperation(context, to_text(context, input)));
}

Text same(Context&, const Text& text) {
  return text;
}

// Jinja's title begins a word after white space, '-' and opening brackets; str.title() after every
// non-letter.
Text title_words(Context& context, const Text& text) {
  bool first = true;
  return map_characters(context, text, [&first](char32_t c, std::string& out) {
    first ? append_upper(out, c) : append_lower(out, c);
    first = is_space(c) || c == '-' || c == '(' || c == '{' || c == '[' || c == '<';
  });
}

Text escape_html(Context& context, const Text& text) {
  return map_characters(context, text, [](char32_t c, std::string& out) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '"':
        out += "&#34;";
        break;
      default:
        append_code_point(out, c);
    }
  });
}

Value trim(Context& context, const Value& input, const Arguments& arguments) {
  const auto [chars] = bind<1>("trim", arguments, {"chars"});
  const std::string_view* set = is_given(chars) ? &text_of("trim", *chars).bytes : nullptr;
  return make_string(context, strip(context, to_text(context, input), set, true, true));
}

Value replace_filter(Context& context, const Value& input, const Arguments& arguments) {
  const auto [from, to, count] = bind<3>("replace", arguments, {"old", "new", "count"}, 2);
  return make_string(context,
                     replace(context, to_text(context, input), to_text(context, *from), to_text(context, *to),
                             is_given(count) ? integer_or("replace", count, -1) : -1));
}

Value indent(Context& context, const Value& input, const Arguments& arguments) {
  const auto [width, first, blank] = bind<3>("indent", arguments, {"width", "first", "blank"});
  Text indentation = Text::own("    ");
  if (width && width->is_string()) {
    indentation = width->as_text();
  } else if (width) {
    const int64_t count = integer_or("indent", width, 4);
    indentation = repeat(context, Text::own(" "), count > 0 ? static_cast<size_t>(count) : 0);
  }
  const Text newline = Text::own("\n");
  const Text parts[] = {to_text(context, input), newline};  // the newline makes a last empty line count
  const Value lines = split_lines(context, concatenate(context, parts));
  TextBuilder builder(context);
  if (truth_or(first, false)) builder.append(indentation);
  for (size_t i = 0; i < lines.items().size(); ++i) {
    context.charge();
    const Text& line = lines.items()[i].as_text();
    if (i > 0) builder.append(newline);
    if (i > 0 && (truth_or(blank, false) || !line.bytes.empty())) builder.append(indentation);
    builder.append(line);
  }
  return make_string(context, builder.finish());
}

Value join_filter(Context& context, const Value& input, const Arguments& arguments) {
  const auto [separator, attribute] = bind<2>("join", arguments, {"d", "attribute"});
  std::span<const Value> items = iterate(context, input);
  if (is_given(attribute)) {
    ArenaVector<Value> picked;
    for (const Value& item : items) picked.push_back(context.arena, get_path(context, item, *attribute));
    items = picked.view();
  }
  return make_string(context, join(context, separator ? to_text(context, *separator) : Text::own({}), items));
}

Value tojson(Context& context, const Value& input, const Arguments& arguments) {
  const auto [ascii, indentation, separators, sort_keys] =
      bind<4>("tojson", arguments, {"ensure_ascii", "indent", "separators", "sort_keys"});
  JsonStyle style;
  style.ascii_only = truth_or(ascii, false);
  style.sort_keys = truth_or(sort_keys, false);
  if (is_given(indentation)) {
    style.item_separator = ",";
    if (indentation->is_string()) {
      style.indent = indentation->bytes();
    } else {
      const int64_t count = integer_or("tojson", indentation, 0);
      style.indent = repeat(context, Text::own(" "), count > 0 ? static_cast<size_t>(count) : 0).bytes;
    }
  }
  if (is_given(separators)) {
    if (!separators->is_sequence() || separators->items().size() != 2) {
      raise_invalid("tojson() needs two separators, one for items and one for keys");
    }
    style.item_separator = text_of("tojson", separators->items()[0]).bytes;
    style.key_separator = text_of("tojson", separators->items()[1]).bytes;
  }
  return make_string(context, to_json(context, input, style));
}

Value format(Context& context, const Value& input, const Arguments& arguments) {
  if (!arguments.named.empty()) raise(ErrorCode::kUnsupported, "format with named values is not supported");
  const Value values = Value::tuple(context.arena, arguments.positional);
  return make_string(context, format_percent(context, to_text(context, input), values));
}

constexpr Filter kFilters[] = {
    {"trim", trim},
    {"upper", whole<upper>},
    {"lower", whole<lower>},
    {"capitalize", whole<capitalize>},
    {"title", whole<title_words>},
    {"string", whole<same>},
    {"safe",
     whole<same>},  // chat templates are rendered without HTML escaping, so there is nothing to protect
    {"escape", whole<escape_html>},
    {"e", whole<escape_html>},
    {"replace", replace_filter},
    {"indent", indent},
    {"join", join_filter},
    {"tojson", tojson},
    {"format", format},
};

}  // namespace

std::span<const Filter> text_filters() {
  return kFilters;
}

}  // namespace riposte::chat
