// Python's operators on values. Each raises kInvalidArgument where Python raises a TypeError or a ValueError,
// and kTooLarge where an integer leaves 64 bits.
#pragma once

#include "chat/value.h"

namespace riposte::chat {

Value add(Context& context, const Value& a, const Value& b);
Value subtract(const Value& a, const Value& b);
Value multiply(Context& context, const Value& a, const Value& b);
Value divide(const Value& a, const Value& b);
Value floor_divide(const Value& a, const Value& b);
Value modulo(Context& context, const Value& a, const Value& b);
Value power(const Value& a, const Value& b);
Value negate(const Value& a);

// object.name, as Jinja resolves it: a method first, then a key. Undefined where there is neither.
Value get_attribute(Context& context, const Value& object, const Text* name);
// object[index]: a key or position first, then a method.
Value get_item(Context& context, const Value& object, const Value& index);
// object[start:stop:step]; none or undefined stands for what is left out.
Value get_slice(Context& context, const Value& object, const Value& start, const Value& stop,
                const Value& step);
// Follows a path as filters are given it: an integer, or names and positions with dots between them
// ("a.b.0"). `otherwise`, if not null, stands for each part that is not there.
Value get_path(Context& context, const Value& object, const Value& path, const Value* otherwise = nullptr);

// "..." % values, with %s, %r, %d, %i and %%.
Text format_percent(Context& context, const Text& format, const Value& values);

}  // namespace riposte::chat
