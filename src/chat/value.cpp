#include "chat/value.h"

#include <algorithm>
#include <cmath>

#include "chat/unicode.h"

namespace riposte::chat {

Value Value::list(Arena& arena, std::span<const Value> items) {
  Value result;
  result.kind_ = Kind::kList;
  result.list_ = arena.make<List>(items);
  return result;
}

Value Value::tuple(Arena& arena, std::span<const Value> items) {
  Value result = list(arena, items);
  result.kind_ = Kind::kTuple;
  return result;
}

Value Value::dict(Arena& arena, std::span<const Entry> entries) {
  Value result;
  result.kind_ = Kind::kDict;
  result.dict_ = arena.make<Dict>(entries);
  return result;
}

double Value::as_real() const {
  if (kind_ == Kind::kFloat) return real_;
  return kind_ == Kind::kBigInt ? static_cast<double>(big_) : static_cast<double>(integer_);
}

std::span<const Value> Value::items() const {
  return list_->items;
}
std::span<const Entry> Value::entries() const {
  return kind_ == Kind::kNamespace ? namespace_->entries.view() : dict_->entries;
}

std::string_view type_name(const Value& value) {
  switch (value.kind()) {
    case Kind::kUndefined:
      return "undefined";
    case Kind::kNone:
      return "none";
    case Kind::kBool:
      return "bool";
    case Kind::kInt:
    case Kind::kBigInt:
      return "int";
    case Kind::kFloat:
      return "float";
    case Kind::kString:
      return "string";
    case Kind::kList:
      return "list";
    case Kind::kTuple:
      return "tuple";
    case Kind::kDict:
      return "dict";
    case Kind::kNamespace:
      return "namespace";
    case Kind::kFunction:
    case Kind::kMethod:
      return "function";
    case Kind::kMacro:
      return "macro";
    case Kind::kLoop:
      return "loop";
  }
  return "value";
}

bool is_true(const Value& value) {
  switch (value.kind()) {
    case Kind::kUndefined:
    case Kind::kNone:
      return false;
    case Kind::kBool:
    case Kind::kInt:
      return value.as_integer() != 0;
    case Kind::kFloat:
      return value.as_real() != 0;
    case Kind::kString:
      return !value.bytes().empty();
    case Kind::kList:
    case Kind::kTuple:
      return !value.items().empty();
    case Kind::kDict:
      return !value.entries().empty();
    default:
      return true;
  }
}

namespace {

// Every number, exactly: int64 and uint64 both fit, as do comparisons of a double with either.
int compare_numbers(const Value& a, const Value& b, bool* unordered) {
  if (!a.is(Kind::kFloat) && !b.is(Kind::kFloat)) {
    __extension__ using Wide = __int128;
    const auto wide = [](const Value& v) {
      return v.is(Kind::kBigInt) ? Wide{v.as_big_integer()} : Wide{v.as_integer()};
    };
    const Wide x = wide(a), y = wide(b);
    return x < y ? -1 : x > y;
  }
  const auto wide = [](const Value& v) -> long double {
    if (v.is(Kind::kFloat)) return v.as_real();
    return v.is(Kind::kBigInt) ? static_cast<long double>(v.as_big_integer())
                               : static_cast<long double>(v.as_integer());
  };
  const long double x = wide(a), y = wide(b);
  if (std::isnan(x) || std::isnan(y)) {
    if (unordered) *unordered = true;
    return 1;
  }
  return x < y ? -1 : x > y;
}

}  // namespace

bool equal(Context& context, const Value& a, const Value& b) {
  context.charge();
  if (a.is_number() && b.is_number()) return compare_numbers(a, b, nullptr) == 0;
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::kUndefined:
    case Kind::kNone:
      return true;
    case Kind::kString:
      context.charge_bytes(std::min(a.bytes().size(), b.bytes().size()));
      return a.bytes() == b.bytes();
    case Kind::kList:
    case Kind::kTuple: {
      const DepthGuard guard(context);
      return std::equal(a.items().begin(), a.items().end(), b.items().begin(), b.items().end(),
                        [&](const Value& x, const Value& y) { return equal(context, x, y); });
    }
    case Kind::kDict: {
      const DepthGuard guard(context);
      if (a.entries().size() != b.entries().size()) return false;
      return std::all_of(a.entries().begin(), a.entries().end(), [&](const Entry& entry) {
        const Value* other = find(context, b.entries(), entry.first);
        return other && equal(context, entry.second, *other);
      });
    }
    case Kind::kNamespace:
      return &a.as_namespace() == &b.as_namespace();
    case Kind::kFunction:
      return a.as_function() == b.as_function();
    case Kind::kMacro:
      return &a.as_macro() == &b.as_macro();
    case Kind::kLoop:
      return &a.as_loop() == &b.as_loop();
    default:
      return false;
  }
}

int compare(Context& context, const Value& a, const Value& b, bool* unordered) {
  context.charge();
  if (a.is_number() && b.is_number()) return compare_numbers(a, b, unordered);
  if (a.is_string() && b.is_string()) {  // the order of UTF-8 bytes is that of code points
    context.charge_bytes(std::min(a.bytes().size(), b.bytes().size()));
    return a.bytes().compare(b.bytes());
  }
  if (a.is_sequence() && a.kind() == b.kind()) {
    const DepthGuard guard(context);
    const auto x = a.items(), y = b.items();
    for (size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
      if (!equal(context, x[i], y[i])) return compare(context, x[i], y[i], unordered);
    }
    return x.size() < y.size() ? -1 : x.size() > y.size();
  }
  raise_invalid("{} and {} have no order", type_name(a), type_name(b));
}

const Value* find(Context& context, std::span<const Entry> entries, const Value& key) {
  if (key.is_string()) return find(context, entries, key.bytes());
  if (key.is(Kind::kList) || key.is(Kind::kDict)) raise_invalid("a {} cannot be a key", type_name(key));
  for (const Entry& entry : entries) {
    if (equal(context, entry.first, key)) return &entry.second;
  }
  return nullptr;
}

const Value* find(Context& context, std::span<const Entry> entries, std::string_view key) {
  context.charge(entries.size() / 8);
  for (const Entry& entry : entries) {
    if (entry.first.is_string() && entry.first.bytes() == key) return &entry.second;
  }
  return nullptr;
}

void assign(Context& context, ArenaVector<Entry>& entries, const Value& key, const Value& value) {
  if (const Value* old = find(context, entries.view(), key)) {
    *const_cast<Value*>(old) = value;
  } else {
    entries.push_back(context.arena, {key, value});
  }
}

std::span<const Value> iterate(Context& context, const Value& value) {
  switch (value.kind()) {
    case Kind::kUndefined:
      return {};
    case Kind::kList:
    case Kind::kTuple:
      return value.items();
    case Kind::kDict: {
      context.charge(value.entries().size());
      std::span<Value> keys = context.arena.array<Value>(value.entries().size());
      std::transform(value.entries().begin(), value.entries().end(), keys.begin(),
                     [](const Entry& entry) { return entry.first; });
      return keys;
    }
    case Kind::kString: {
      const Text& text = value.as_text();
      ArenaVector<Value> characters;
      for (size_t at = 0; at < text.bytes.size();) {
        context.charge();
        const size_t end = at + decode_code_point(text.bytes, at).size;
        characters.push_back(context.arena, make_string(context, slice(context, text, at, end)));
        at = end;
      }
      return characters.view();
    }
    default:
      raise_invalid("a {} cannot be iterated", type_name(value));
  }
}

size_t length_of(Context& context, const Value& value) {
  switch (value.kind()) {
    case Kind::kUndefined:
      return 0;
    case Kind::kList:
    case Kind::kTuple:
      return value.items().size();
    case Kind::kDict:
      return value.entries().size();
    case Kind::kString:
      context.charge_bytes(value.bytes().size());
      return count_code_points(value.bytes());
    default:
      raise_invalid("a {} has no length", type_name(value));
  }
}

bool contains(Context& context, const Value& container, const Value& item) {
  switch (container.kind()) {
    case Kind::kUndefined:
      return false;
    case Kind::kString:
      if (!item.is_string())
        raise_invalid("'in' a string needs a string on its left, not a {}", type_name(item));
      context.charge_bytes(container.bytes().size());
      return container.bytes().find(item.bytes()) != std::string_view::npos;
    case Kind::kList:
    case Kind::kTuple:
      return std::any_of(container.items().begin(), container.items().end(),
                         [&](const Value& each) { return equal(context, each, item); });
    case Kind::kDict:
      return find(context, container.entries(), item) != nullptr;
    default:
      raise_invalid("'in' cannot look into a {}", type_name(container));
  }
}

}  // namespace riposte::chat
