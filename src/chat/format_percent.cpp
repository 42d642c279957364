#include <algorithm>
#include <cmath>

#include "chat/operators.h"

namespace riposte::chat {

Text format_percent(Context& context, const Text& format_text, const Value& values) {
  const std::span<const Value> items =
      values.is(Kind::kTuple) ? values.items() : std::span<const Value>(&values, 1);
  TextBuilder builder(context);
  size_t used = 0, plain = 0;
  const std::string_view bytes = format_text.bytes;
  for (size_t at = bytes.find('%'); at != std::string_view::npos; at = bytes.find('%', plain)) {
    context.charge();
    builder.append(slice(context, format_text, plain, at));
    const char kind = at + 1 < bytes.size() ? bytes[at + 1] : '\0';
    plain = std::min(at + 2, bytes.size());
    if (kind == '%') {
      builder.append(slice(context, format_text, at, at + 1));
      continue;
    }
    if (kind != 's' && kind != 'd' && kind != 'i' && kind != 'r') {
      raise(ErrorCode::kUnsupported, "a format may use %s, %r, %d, %i and %%, not '%{}'", kind);
    }
    if (used == items.size()) raise_invalid("the format asks for more values than there are");
    const Value& item = items[used++];
    if (kind == 's') {
      append_text(context, builder, item);
    } else if (kind == 'r') {
      builder.append(to_repr(context, item));
    } else if (item.is(Kind::kFloat) && std::abs(item.as_real()) < 9e18) {
      append_text(context, builder, Value::integer(static_cast<int64_t>(item.as_real())));
    } else if (item.is_integral()) {
      append_text(context, builder, Value::integer(item.as_integer()));
    } else {
      raise_invalid("%{} needs a number, not a {}", kind, type_name(item));
    }
  }
  if (used < items.size() && !(values.is(Kind::kDict) || values.is(Kind::kList))) {
    raise_invalid("the format does not use all values");
  }
  builder.append(slice(context, format_text, plain, bytes.size()));
  return builder.finish();
}

}  // namespace riposte::chat
