// map, select, reject and their attribute forms: filters that apply other filters and tests, by name.
#include "chat/arguments.h"
#include "chat/filters.h"
#include "chat/operators.h"
#include "chat/tests.h"

namespace riposte::chat {
namespace {

// As in Jinja, what is false (none, for example) has no items here, although a loop over it would fail.
std::span<const Value> items_of(Context& context, const Value& input) {
  return is_true(input) ? iterate(context, input) : std::span<const Value>{};
}

const Value* named(const Arguments& arguments, std::string_view name) {
  for (const auto& [key, value] : arguments.named) {
    if (key == name) return &value;
  }
  return nullptr;
}

Value map(Context& context, const Value& input, const Arguments& arguments) {
  const std::span<const Value> items = items_of(context, input);
  std::span<Value> mapped = context.arena.array<Value>(items.size());
  if (arguments.positional.empty()) {
    const Value* attribute = named(arguments, "attribute");
    const Value* otherwise = named(arguments, "default");
    if (!attribute) raise_invalid("map() needs the name of a filter or an attribute");
    if (otherwise && otherwise->is(Kind::kNone)) otherwise = nullptr;  // as Jinja: none is no default
    for (size_t i = 0; i < items.size(); ++i) {
      mapped[i] = get_path(context, items[i], *attribute, otherwise);
    }
  } else {
    const std::string_view name = text_of("map", arguments.positional[0]).bytes;
    const Filter* filter = find_filter(name);
    if (!filter) raise(ErrorCode::kUnsupported, "the filter '{}' is not supported", name);
    const DepthGuard guard(context);  // a filter may be map again
    const Arguments rest{arguments.positional.subspan(1), arguments.named};
    for (size_t i = 0; i < items.size(); ++i) {
      context.charge();
      mapped[i] = filter->apply(context, items[i], rest);
    }
  }
  return Value::list(context.arena, mapped);
}

// The items for which a test holds (or fails, if !kKeep), of the item or (kAttribute) of one of its
// attributes.
template <bool kKeep, bool kAttribute>
Value select(Context& context, const Value& input, const Arguments& arguments) {
  std::span<const Value> positional = arguments.positional;
  const Value* attribute = nullptr;
  if (kAttribute) {
    if (positional.empty()) raise_invalid("the filter needs the name of an attribute");
    attribute = &positional[0];
    positional = positional.subspan(1);
  }
  const Test* test = nullptr;
  if (!positional.empty()) {
    const std::string_view name = text_of("select", positional[0]).bytes;
    test = find_test(name);
    if (!test) raise(ErrorCode::kUnsupported, "the test '{}' is not supported", name);
    positional = positional.subspan(1);
  }
  const Arguments rest{positional, arguments.named};
  ArenaVector<Value> kept;
  for (const Value& item : items_of(context, input)) {
    context.charge();
    const Value subject = kAttribute ? get_path(context, item, *attribute) : item;
    const bool holds = test ? test->apply(context, subject, rest) : is_true(subject);
    if (holds == kKeep) kept.push_back(context.arena, item);
  }
  return Value::list(context.arena, kept.view());
}

Value attr(Context& context, const Value& input, const Arguments& arguments) {
  const auto [name] = bind<1>("attr", arguments, {"name"}, 1);
  return get_attribute(context, input, &text_of("attr", *name));
}

constexpr Filter kFilters[] = {
    {"map", map},
    {"attr", attr},
    {"select", select<true, false>},
    {"reject", select<false, false>},
    {"selectattr", select<true, true>},
    {"rejectattr", select<false, true>},
};

}  // namespace

std::span<const Filter> selection_filters() {
  return kFilters;
}

}  // namespace riposte::chat
