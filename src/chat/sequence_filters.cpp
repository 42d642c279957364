#include <algorithm>
#include <vector>

#include "chat/arguments.h"
#include "chat/filters.h"
#include "chat/methods.h"
#include "chat/operators.h"
#include "chat/strings.h"

namespace riposte::chat {
namespace {

Value length(Context& context, const Value& input, const Arguments& arguments) {
  bind_none("length", arguments);
  return Value::integer(static_cast<int64_t>(length_of(context, input)));
}

Value default_value(Context&, const Value& input, const Arguments& arguments) {
  const auto [otherwise, boolean] = bind<2>("default", arguments, {"default_value", "boolean"});
  const bool missing = input.is_undefined() || (truth_or(boolean, false) && !is_true(input));
  if (!missing) return input;
  static constexpr Text kEmpty{"", Trust::kAll, {}};
  return otherwise ? *otherwise : Value::string(&kEmpty);
}

Value list(Context& context, const Value& input, const Arguments& arguments) {
  bind_none("list", arguments);
  return Value::list(context.arena, iterate(context, input));
}

Value first(Context& context, const Value& input, const Arguments& arguments) {
  bind_none("first", arguments);
  const auto items = iterate(context, input);
  return items.empty() ? Value() : items.front();
}

Value last(Context& context, const Value& input, const Arguments& arguments) {
  bind_none("last", arguments);
  const auto items = iterate(context, input);
  return items.empty() ? Value() : items.back();
}

Value reverse(Context& context, const Value& input, const Arguments& arguments) {
  bind_none("reverse", arguments);
  if (input.is_string()) {
    return get_slice(context, input, Value::none(), Value::none(), Value::integer(-1));
  }
  const auto items = iterate(context, input);
  context.charge(items.size() / 8);
  std::span<Value> reversed = context.arena.array<Value>(items.size());
  std::reverse_copy(items.begin(), items.end(), reversed.begin());
  return Value::list(context.arena, reversed);
}

Value items(Context& context, const Value& input, const Arguments& arguments) {
  bind_none("items", arguments);
  if (input.is_undefined()) return Value::list(context.arena, {});
  if (!input.is(Kind::kDict)) raise_invalid("items() needs a dict, not a {}", type_name(input));
  return find_method(Kind::kDict, "items")(context, input, {});
}

Value fold_case(Context& context, const Value& value, bool case_sensitive) {
  return value.is_string() && !case_sensitive ? make_string(context, lower(context, value.as_text())) : value;
}

struct Keyed {
  Value key;
  Value item;
};

// What each item is ordered by, with case folded unless asked otherwise.
std::vector<Keyed> keyed(Context& context, std::span<const Value> values, const Value* attribute,
                         bool case_sensitive) {
  context.arena.charge(values.size() * sizeof(Keyed));
  std::vector<Keyed> result;
  result.reserve(values.size());
  for (const Value& item : values) {
    const Value key = is_given(attribute) ? get_path(context, item, *attribute) : item;
    result.push_back({fold_case(context, key, case_sensitive), item});
  }
  return result;
}

Value sort_keyed(Context& context, std::vector<Keyed>& values, bool descending) {
  std::stable_sort(values.begin(), values.end(), [&](const Keyed& a, const Keyed& b) {
    return descending ? compare(context, b.key, a.key) < 0 : compare(context, a.key, b.key) < 0;
  });
  std::span<Value> sorted = context.arena.array<Value>(values.size());
  std::transform(values.begin(), values.end(), sorted.begin(), [](const Keyed& each) { return each.item; });
  return Value::list(context.arena, sorted);
}

Value sort(Context& context, const Value& input, const Arguments& arguments) {
  const auto [descending, case_sensitive, attribute] =
      bind<3>("sort", arguments, {"reverse", "case_sensitive", "attribute"});
  auto values = keyed(context, iterate(context, input), attribute, truth_or(case_sensitive, false));
  return sort_keyed(context, values, truth_or(descending, false));
}

Value dictsort(Context& context, const Value& input, const Arguments& arguments) {
  const auto [case_sensitive, by, descending] =
      bind<3>("dictsort", arguments, {"case_sensitive", "by", "reverse"});
  const std::string_view part = by ? text_of("dictsort", *by).bytes : "key";
  if (part != "key" && part != "value") raise_invalid("dictsort() sorts by 'key' or by 'value'");
  const Value position = Value::integer(part == "value");
  auto pairs = keyed(context, items(context, input, {}).items(), &position, truth_or(case_sensitive, false));
  return sort_keyed(context, pairs, truth_or(descending, false));
}

Value unique(Context& context, const Value& input, const Arguments& arguments) {
  const auto [case_sensitive, attribute] = bind<2>("unique", arguments, {"case_sensitive", "attribute"});
  ArenaVector<Value> seen, kept;
  for (const Keyed& each :
       keyed(context, iterate(context, input), attribute, truth_or(case_sensitive, false))) {
    const bool known =
        std::any_of(seen.begin(), seen.end(), [&](const Value& v) { return equal(context, v, each.key); });
    if (known) continue;
    seen.push_back(context.arena, each.key);
    kept.push_back(context.arena, each.item);
  }
  return Value::list(context.arena, kept.view());
}

template <bool kLargest>
Value extreme(Context& context, const Value& input, const Arguments& arguments) {
  const auto [case_sensitive, attribute] =
      bind<2>(kLargest ? "max" : "min", arguments, {"case_sensitive", "attribute"});
  const auto values = keyed(context, iterate(context, input), attribute, truth_or(case_sensitive, false));
  if (values.empty()) return Value();
  const Keyed* best = &values.front();
  for (const Keyed& each : values) {
    const int order = compare(context, each.key, best->key);
    if (kLargest ? order > 0 : order < 0) best = &each;
  }
  return best->item;
}

Value sum(Context& context, const Value& input, const Arguments& arguments) {
  const auto [attribute, start] = bind<2>("sum", arguments, {"attribute", "start"});
  Value total = start ? *start : Value::integer(0);
  for (const Value& item : iterate(context, input)) {
    context.charge();
    total = add(context, total, is_given(attribute) ? get_path(context, item, *attribute) : item);
  }
  return total;
}

Value batch(Context& context, const Value& input, const Arguments& arguments) {
  const auto [size_value, fill] = bind<2>("batch", arguments, {"linecount", "fill_with"}, 1);
  const int64_t size = integer_or("batch", size_value, 1);
  if (size < 1) raise_invalid("batch() needs a size of at least 1");
  const auto values = iterate(context, input);
  ArenaVector<Value> batches;
  for (size_t begin = 0; begin < values.size();) {
    context.charge();
    const size_t count = std::min<size_t>(values.size() - begin, static_cast<size_t>(size));
    std::span<const Value> one = values.subspan(begin, count);
    if (is_given(fill) && count < static_cast<size_t>(size)) {
      std::span<Value> filled = context.arena.array<Value>(static_cast<size_t>(size));
      std::fill(filled.begin(), filled.end(), *fill);
      std::copy(one.begin(), one.end(), filled.begin());
      one = filled;
    }
    batches.push_back(context.arena, Value::list(context.arena, one));
    begin += count;
  }
  return Value::list(context.arena, batches.view());
}

constexpr Filter kFilters[] = {
    {"length", length},     {"count", length},       {"default", default_value},
    {"d", default_value},   {"list", list},          {"first", first},
    {"last", last},         {"reverse", reverse},    {"items", items},
    {"sort", sort},         {"dictsort", dictsort},  {"unique", unique},
    {"max", extreme<true>}, {"min", extreme<false>}, {"sum", sum},
    {"batch", batch},
};

}  // namespace

std::span<const Filter> sequence_filters() {
  return kFilters;
}

}  // namespace riposte::chat
