// object.name, object[index] and object[start:stop:step].
#include <algorithm>
#include <charconv>

#include "chat/methods.h"
#include "chat/operators.h"
#include "chat/scope.h"
#include "chat/unicode.h"

namespace riposte::chat {
namespace {

[[noreturn]] void raise_undefined(const Value& object, std::string_view member) {
  const Text* name = object.undefined_name();
  raise_invalid("'{}' is undefined, so it has no '{}'", name ? name->bytes : "the value", member);
}

Value bind_method(Context& context, const Value& object, std::string_view name) {
  const Method method = find_method(object.kind(), name);
  return method ? Value::method(context.arena.make<BoundMethod>(object, method)) : Value();
}

Value loop_attribute(Context& context, const Value& object, const Text* name) {
  const LoopState& loop = object.as_loop();
  const auto integer = [](size_t value) { return Value::integer(static_cast<int64_t>(value)); };
  const std::string_view key = name->bytes;
  const size_t left = loop.items.size() - loop.index;
  if (key == "index") return integer(loop.index + 1);
  if (key == "index0") return integer(loop.index);
  if (key == "first") return Value::boolean(loop.index == 0);
  if (key == "last") return Value::boolean(left == 1);
  if (key == "length") return integer(loop.items.size());
  if (key == "revindex") return integer(left);
  if (key == "revindex0") return integer(left - 1);
  if (key == "depth") return integer(loop.depth + 1);
  if (key == "depth0") return integer(loop.depth);
  if (key == "previtem") return loop.index > 0 ? loop.items[loop.index - 1] : Value::undefined(name);
  if (key == "nextitem") return left > 1 ? loop.items[loop.index + 1] : Value::undefined(name);
  const Value method = bind_method(context, object, key);
  return method.is_undefined() ? Value::undefined(name) : method;
}

// A position as Python counts it, negative ones from the end. False where there is nothing.
bool resolve(int64_t index, size_t size, size_t& position) {
  const auto count = static_cast<int64_t>(size);
  if (index < -count || index >= count) return false;
  position = static_cast<size_t>(index < 0 ? index + count : index);
  return true;
}

}  // namespace

Value get_attribute(Context& context, const Value& object, const Text* name) {
  if (object.is_undefined()) raise_undefined(object, name->bytes);
  if (object.is(Kind::kLoop)) return loop_attribute(context, object, name);
  if (const Value method = bind_method(context, object, name->bytes); !method.is_undefined()) return method;
  if (object.is(Kind::kDict) || object.is(Kind::kNamespace)) {
    if (const Value* found = find(context, object.entries(), name->bytes)) return *found;
  }
  return Value::undefined(name);
}

Value get_item(Context& context, const Value& object, const Value& index) {
  if (object.is_undefined()) raise_undefined(object, to_text(context, index).bytes);
  if (object.is(Kind::kDict) || object.is(Kind::kNamespace)) {
    if (const Value* found = find(context, object.entries(), index)) return *found;
  } else if (index.is_integral() && object.is_sequence()) {
    size_t position = 0;
    if (resolve(index.as_integer(), object.items().size(), position)) return object.items()[position];
  } else if (index.is_integral() && object.is_string()) {
    const Text& text = object.as_text();
    context.charge_bytes(2 * text.bytes.size());
    size_t position = 0;
    if (resolve(index.as_integer(), count_code_points(text.bytes), position)) {
      const size_t begin = is_ascii(text.bytes) ? position : byte_of_code_point(text.bytes, position);
      return make_string(context,
                         slice(context, text, begin, begin + decode_code_point(text.bytes, begin).size));
    }
  }
  if (index.is_string()) return get_attribute(context, object, &index.as_text());
  return Value::undefined(context.arena.make<Text>(to_repr(context, index)));
}

namespace {

// The positions start, start + step, ... that a slice of a sequence of `size` visits.
struct Range {
  int64_t start, step;
  size_t count;
};

int64_t slice_bound(const Value& value, int64_t otherwise, int64_t size, int64_t low, int64_t high) {
  if (value.is(Kind::kNone)) return otherwise;
  if (!value.is_integral()) raise_invalid("a slice needs integers, not a {}", type_name(value));
  int64_t bound = value.as_integer();
  if (bound < 0) bound = bound < -size ? -1 : bound + size;
  return std::clamp(bound, low, high);
}

Range resolve_slice(size_t size, const Value& start, const Value& stop, const Value& step) {
  const auto count = static_cast<int64_t>(size);
  if (!step.is(Kind::kNone) && !step.is_integral())
    raise_invalid("a slice needs integers, not a {}", type_name(step));
  int64_t by = step.is(Kind::kNone) ? 1 : step.as_integer();
  if (by == 0) raise_invalid("the step of a slice cannot be zero");
  by = std::clamp(by, -count - 1, count + 1);  // further steps reach nothing else, and cannot overflow
  if (by > 0) {
    const int64_t from = slice_bound(start, 0, count, 0, count),
                  to = slice_bound(stop, count, count, 0, count);
    return {from, by, from < to ? static_cast<size_t>((to - from + by - 1) / by) : 0};
  }
  const int64_t from = slice_bound(start, count - 1, count, -1, count - 1);
  const int64_t to = slice_bound(stop, -1, count, -1, count - 1);
  return {from, by, from > to ? static_cast<size_t>((from - to - by - 1) / -by) : 0};
}

Value slice_string(Context& context, const Text& text, const Value& start, const Value& stop,
                   const Value& step) {
  context.charge_bytes(2 * text.bytes.size());
  const bool ascii = is_ascii(text.bytes);
  const Range range = resolve_slice(count_code_points(text.bytes), start, stop, step);
  if (range.count == 0) return make_string(context, Text::own({}));
  if (range.step == 1) {
    const auto first = static_cast<size_t>(range.start);
    const size_t begin = ascii ? first : byte_of_code_point(text.bytes, first);
    const size_t length = ascii ? range.count : byte_of_code_point(text.bytes.substr(begin), range.count);
    return make_string(context, slice(context, text, begin, begin + length));
  }
  const std::span<const Value> characters = iterate(context, Value::string(&text));
  std::span<Text> picked = context.arena.array<Text>(range.count);
  for (size_t i = 0; i < range.count; ++i) {
    picked[i] = characters[static_cast<size_t>(range.start + static_cast<int64_t>(i) * range.step)].as_text();
  }
  return make_string(context, concatenate(context, picked));
}

}  // namespace

Value get_slice(Context& context, const Value& object, const Value& start, const Value& stop,
                const Value& step) {
  if (object.is_string()) return slice_string(context, object.as_text(), start, stop, step);
  if (object.is_undefined()) raise_undefined(object, "slice");
  if (!object.is_sequence()) raise_invalid("a slice needs a string or a list, not a {}", type_name(object));
  const std::span<const Value> items = object.items();
  const Range range = resolve_slice(items.size(), start, stop, step);
  context.charge(range.count / 8);
  std::span<Value> picked = context.arena.array<Value>(range.count);
  for (size_t i = 0; i < range.count; ++i) {
    picked[i] = items[static_cast<size_t>(range.start + static_cast<int64_t>(i) * range.step)];
  }
  return object.is(Kind::kList) ? Value::list(context.arena, picked) : Value::tuple(context.arena, picked);
}

Value get_path(Context& context, const Value& object, const Value& path, const Value* otherwise) {
  const auto part_of = [&](const Value& whole, const Value& part) {
    const Value found = get_item(context, whole, part);
    return found.is_undefined() && otherwise ? *otherwise : found;
  };
  if (!path.is_string()) return part_of(object, path);
  Value value = object;
  const Text& text = path.as_text();
  for (size_t begin = 0; begin <= text.bytes.size();) {
    context.charge();
    const size_t end = std::min(text.bytes.find('.', begin), text.bytes.size());
    const std::string_view part = text.bytes.substr(begin, end - begin);
    int64_t position = 0;
    const auto number = std::from_chars(part.data(), part.data() + part.size(), position);
    const bool is_position =
        !part.empty() && number.ec == std::errc{} && number.ptr == part.data() + part.size();
    value = part_of(value, is_position ? Value::integer(position)
                                       : make_string(context, slice(context, text, begin, end)));
    begin = end + 1;
  }
  return value;
}

}  // namespace riposte::chat
