#include "chat/methods.h"

#include "chat/arguments.h"
#include "chat/scope.h"

namespace riposte::chat {
namespace {

Value dict_get(Context& context, const Value& self, const Arguments& arguments) {
  const auto [key, otherwise] = bind<2>("get", arguments, {"key", "default"}, 1);
  const Value* found = find(context, self.entries(), *key);
  return found ? *found : otherwise ? *otherwise : Value::none();
}

Value dict_items(Context& context, const Value& self, const Arguments& arguments) {
  bind_none("items", arguments);
  const auto entries = self.entries();
  context.charge(entries.size());
  std::span<Value> items = context.arena.array<Value>(entries.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    std::span<Value> pair = context.arena.array<Value>(2);
    pair[0] = entries[i].first;
    pair[1] = entries[i].second;
    items[i] = Value::tuple(context.arena, pair);
  }
  return Value::list(context.arena, items);
}

Value dict_keys(Context& context, const Value& self, const Arguments& arguments) {
  bind_none("keys", arguments);
  return Value::list(context.arena, iterate(context, self));
}

Value dict_values(Context& context, const Value& self, const Arguments& arguments) {
  bind_none("values", arguments);
  context.charge(self.entries().size());
  ArenaVector<Value> values;
  for (const Entry& entry : self.entries()) values.push_back(context.arena, entry.second);
  return Value::list(context.arena, values.view());
}

Value copy_of(Context&, const Value& self, const Arguments& arguments) {
  bind_none("copy", arguments);
  return self;  // values never change, so one that is shared is as good as a copy
}

Value list_count(Context& context, const Value& self, const Arguments& arguments) {
  const auto [wanted] = bind<1>("count", arguments, {"value"}, 1);
  int64_t count = 0;
  for (const Value& item : self.items()) count += equal(context, item, *wanted);
  return Value::integer(count);
}

Value list_index(Context& context, const Value& self, const Arguments& arguments) {
  const auto [wanted] = bind<1>("index", arguments, {"value"}, 1);
  for (size_t i = 0; i < self.items().size(); ++i) {
    if (equal(context, self.items()[i], *wanted)) return Value::integer(static_cast<int64_t>(i));
  }
  raise_invalid("index() did not find the value in the list");
}

Value changes(Context&, const Value& self, const Arguments&) {
  raise(ErrorCode::kUnsupported, "a template may not change a {}; use '+' or a namespace instead",
        type_name(self));
}

Value loop_cycle(Context&, const Value& self, const Arguments& arguments) {
  if (arguments.positional.empty()) raise_invalid("cycle() needs at least one value");
  return arguments.positional[self.as_loop().index % arguments.positional.size()];
}

Value loop_changed(Context& context, const Value& self, const Arguments& arguments) {
  LoopState& loop = self.as_loop();
  const bool same =
      loop.changed_called && std::equal(loop.changed.begin(), loop.changed.end(),
                                        arguments.positional.begin(), arguments.positional.end(),
                                        [&](const Value& a, const Value& b) { return equal(context, a, b); });
  loop.changed = arguments.positional;
  loop.changed_called = true;
  return Value::boolean(!same);
}

struct Named {
  std::string_view name;
  Method method;
};

constexpr Named kDictMethods[] = {
    {"get", dict_get},       {"items", dict_items}, {"keys", dict_keys},  {"values", dict_values},
    {"copy", copy_of},       {"pop", changes},      {"popitem", changes}, {"clear", changes},
    {"setdefault", changes}, {"update", changes},
};
constexpr Named kListMethods[] = {
    {"count", list_count}, {"index", list_index}, {"copy", copy_of}, {"append", changes},
    {"extend", changes},   {"insert", changes},   {"pop", changes},  {"remove", changes},
    {"clear", changes},    {"reverse", changes},  {"sort", changes},
};
constexpr Named kTupleMethods[] = {{"count", list_count}, {"index", list_index}};
constexpr Named kLoopMethods[] = {{"cycle", loop_cycle}, {"changed", loop_changed}};

Method find_in(std::span<const Named> methods, std::string_view name) {
  for (const Named& named : methods) {
    if (named.name == name) return named.method;
  }
  return nullptr;
}

}  // namespace

Method find_method(Kind kind, std::string_view name) {
  switch (kind) {
    case Kind::kString:
      return find_string_method(name);
    case Kind::kDict:
      return find_in(kDictMethods, name);
    case Kind::kList:
      return find_in(kListMethods, name);
    case Kind::kTuple:
      return find_in(kTupleMethods, name);
    case Kind::kLoop:
      return find_in(kLoopMethods, name);
    default:
      return nullptr;
  }
}

}  // namespace riposte::chat
