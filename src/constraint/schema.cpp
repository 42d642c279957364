#include "constraint/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "constraint/grammar_builder.h"
#include "constraint/json_rules.h"
#include "constraint/literals.h"
#include "constraint/schema_reader.h"

namespace riposte::constraint {
namespace {

namespace json = boost::json;

// Beyond, the places where an answer may be at once would be too many.
constexpr size_t kMostProperties = 256;

std::string_view view(json::string_view text) {
  return {text.data(), text.size()};
}

struct Property {
  std::string name;
  RuleId value = 0;
  bool required = false;
};

// Each schema of a document becomes one rule, so that references may be recursive, and documents may share
// rules. Rules are filled one after another: the depth of a document is nobody's call stack.
class SchemaCompiler {
 public:
  SchemaCompiler() : json_(builder_) {}

  // The rule of a document, which must stay where it is.
  Result<RuleId> compile(const json::value& document);
  GrammarBuilder& builder() { return builder_; }
  const JsonRules& json() const { return json_; }

 private:
  Result<RuleId> rule_of(const Place& place);
  // Of what stands under a keyword; any value where it is absent.
  Result<RuleId> rule_under(const Place& place, std::string_view keyword);
  Result<void> fill(RuleId rule, const Place& place);
  Result<void> add_any_of(RuleId rule, const Place& list);
  Result<void> add_values(RuleId rule, const Place& place, const json::object& schema);
  Result<void> add_type(RuleId rule, const Place& place, const json::object& schema, std::string_view type);
  Result<void> add_object(RuleId rule, const Place& place, const json::object& schema);
  Result<void> add_array(RuleId rule, const Place& place, const json::object& schema);
  Result<std::vector<Property>> read_properties(const Place& place, const json::object& schema);
  void add_member(StateId from, std::string_view name, RuleId value, StateId to);
  void add_value(StateId name_end, RuleId value, StateId to);

  GrammarBuilder builder_;
  JsonRules json_;
  const json::value* document_ = nullptr;
  std::map<const json::value*, RuleId> rules_;
  std::deque<std::pair<RuleId, Place>> unfilled_;
};

Result<RuleId> SchemaCompiler::compile(const json::value& document) {
  document_ = &document;
  const Result<RuleId> root = rule_of({&document, "#"});
  if (!root) return root;
  while (!unfilled_.empty() && !builder_.too_large()) {
    const auto [rule, place] = std::move(unfilled_.front());
    unfilled_.pop_front();
    if (const auto filled = fill(rule, place); !filled) return pass_on(filled);
  }
  return root;
}

Result<RuleId> SchemaCompiler::rule_of(const Place& place) {
  const Result<Place> meant = follow_references(place, *document_);
  if (!meant) return pass_on(meant);
  const json::value& schema = *meant->value;
  if (schema.is_bool() && schema.get_bool()) return json_.value;
  if (!schema.is_object() && !schema.is_bool())
    return refuse(meant->path, "a schema must be an object or a boolean");
  const auto [known, is_new] = rules_.try_emplace(&schema, 0);
  if (is_new) {
    known->second = builder_.rule();
    if (schema.is_object()) unfilled_.emplace_back(known->second, *meant);  // false: nothing leads through it
  }
  return known->second;
}

Result<RuleId> SchemaCompiler::rule_under(const Place& place, std::string_view keyword) {
  const json::value* schema = place.value->get_object().if_contains(keyword);
  return schema ? rule_of(place.inside(keyword, *schema)) : json_.value;
}

Result<void> SchemaCompiler::fill(RuleId rule, const Place& place) {
  const json::object& schema = place.value->get_object();
  if (const auto known = check_keywords(schema, place.path); !known) return known;
  if (schema.contains("enum") || schema.contains("const")) return add_values(rule, place, schema);
  for (const char* keyword : {"anyOf", "allOf"}) {
    const Result<const json::array*> list = read_array(schema, place.path, keyword);
    if (!list) return pass_on(list);
    if (!*list) continue;
    const std::string path = fmt::format("{}/{}", place.path, keyword);
    if ((*list)->empty()) return refuse(path, "must hold at least one schema");
    if (std::string_view(keyword) == "allOf" && (*list)->size() > 1) {
      return refuse(path, "is supported with one schema only");
    }
    if (const auto alone = check_alone(schema, place.path, keyword); !alone) return alone;
    return add_any_of(rule, place.inside(keyword, schema.at(keyword)));
  }
  const Result<std::vector<std::string_view>> types = read_types(schema, place.path);
  if (!types) return pass_on(types);
  if (types->empty()) builder_.call(builder_.start(rule), json_.value, builder_.end(rule));
  for (const std::string_view type : *types) {
    if (const auto added = add_type(rule, place, schema, type); !added) return added;
  }
  return {};
}

Result<void> SchemaCompiler::add_any_of(RuleId rule, const Place& list) {
  const json::array& schemas = list.value->get_array();
  for (size_t i = 0; i < schemas.size(); ++i) {
    const Result<RuleId> alternative = rule_of(list.inside(std::to_string(i), schemas[i]));
    if (!alternative) return pass_on(alternative);
    builder_.call(builder_.start(rule), *alternative, builder_.end(rule));
  }
  return {};
}

Result<void> SchemaCompiler::add_values(RuleId rule, const Place& place, const json::object& schema) {
  const char* keyword = schema.contains("enum") ? "enum" : "const";
  if (const auto alone = check_alone(schema, place.path, keyword, "type"); !alone) return alone;
  const Result<std::vector<std::string_view>> types = read_types(schema, place.path);
  if (!types) return pass_on(types);
  Literals literals(builder_, builder_.start(rule), builder_.end(rule));
  const json::value& value = schema.at(keyword);
  if (std::string_view(keyword) == "const") {
    if (has_type(value, *types)) literals.add(written(value));
    return {};
  }
  const Result<const json::array*> values = read_array(schema, place.path, keyword);
  if (!values) return pass_on(values);
  for (const json::value& one : **values) {
    if (has_type(one, *types)) literals.add(written(one));
  }
  return {};
}

Result<void> SchemaCompiler::add_type(RuleId rule, const Place& place, const json::object& schema,
                                      std::string_view type) {
  if (type == "object") return add_object(rule, place, schema);
  if (type == "array") return add_array(rule, place, schema);
  const StateId start = builder_.start(rule), end = builder_.end(rule);
  if (type == "string") {
    const Result<int32_t> least = read_count(schema, place.path, "minLength", 0);
    if (!least) return pass_on(least);
    const Result<int32_t> most = read_count(schema, place.path, "maxLength", kNoLimit);
    if (!most) return pass_on(most);
    if (*least == 0 && *most == kNoLimit) {
      builder_.call(start, json_.string, end);
    } else {
      add_string(builder_, start, *least, *most, end);
    }
    return {};
  }
  builder_.call(start,
                type == "integer"   ? json_.integer
                : type == "number"  ? json_.number
                : type == "boolean" ? json_.boolean
                                    : json_.null,
                end);
  return {};
}

Result<std::vector<Property>> SchemaCompiler::read_properties(const Place& place,
                                                              const json::object& schema) {
  const Result<const json::object*> given = read_object(schema, place.path, "properties");
  if (!given) return pass_on(given);
  const Result<const json::array*> required = read_array(schema, place.path, "required");
  if (!required) return pass_on(required);
  std::vector<Property> properties;
  if (*given) {
    const Place inside = place.inside("properties", schema.at("properties"));
    for (const auto& member : **given) {
      const Result<RuleId> value = rule_of(inside.inside(view(member.key()), member.value()));
      if (!value) return pass_on(value);
      properties.push_back({std::string(view(member.key())), *value, false});
    }
  }
  for (size_t i = 0; *required && i < (*required)->size(); ++i) {
    const json::string* name = (**required)[i].if_string();
    const std::string path = fmt::format("{}/required/{}", place.path, i);
    if (!name) return refuse(path, "must be a string");
    const auto known = std::ranges::find(properties, view(*name), &Property::name);
    if (known != properties.end()) {
      known->required = true;
      continue;
    }
    // Required, but not described: it is one of the additional ones.
    const Result<RuleId> value = rule_under(place, "additionalProperties");
    if (!value) return pass_on(value);
    properties.push_back({std::string(view(*name)), *value, true});
  }
  if (properties.size() > kMostProperties) {
    return refuse(place.path + "/properties", fmt::format("more than {} are not supported", kMostProperties));
  }
  return properties;
}

// name : value
void SchemaCompiler::add_member(StateId from, std::string_view name, RuleId value, StateId to) {
  const StateId name_end = builder_.state();
  builder_.literal(from, written(json::string(name.data(), name.size())), name_end);
  add_value(name_end, value, to);
}

void SchemaCompiler::add_value(StateId name_end, RuleId value, StateId to) {
  const StateId colon = builder_.state(), begin = builder_.state();
  builder_.byte(name_end, ':', colon);
  builder_.call(colon, json_.space, begin);
  builder_.call(begin, value, to);
}

// first[i]: the next member may be property i or, where that may be left out, one behind it. after[i]: a
// member has been written, and what comes next is property i or one behind it.
Result<void> SchemaCompiler::add_object(RuleId rule, const Place& place, const json::object& schema) {
  const json::value* additional = schema.if_contains("additionalProperties");
  const bool has_others =
      additional ? !(additional->is_bool() && !additional->get_bool()) : !schema.contains("properties");
  const Result<std::vector<Property>> properties = read_properties(place, schema);
  if (!properties) return pass_on(properties);

  const size_t count = properties->size();
  std::vector<StateId> first, after;
  for (size_t i = 0; i <= count; ++i) {
    first.push_back(builder_.state());
    after.push_back(builder_.state());
  }
  const StateId opened = builder_.state(), begun = builder_.state(), last = builder_.state();
  builder_.byte(builder_.start(rule), '{', opened);
  builder_.call(opened, json_.space, begun);
  builder_.jump(begun, first[0]);
  builder_.byte(last, '}', builder_.end(rule));
  bool may_end = true;  // nothing from i on is required
  for (size_t i = count + 1; i-- > 0;) {
    if (i < count) {
      const Property& property = (*properties)[i];
      add_member(first[i], property.name, property.value, after[i + 1]);
      if (!property.required) builder_.jump(first[i], first[i + 1]);
      may_end = may_end && !property.required;
    }
    const StateId comma = builder_.state();
    builder_.byte(after[i], ',', comma);
    builder_.call(comma, json_.space, first[i]);
    if (may_end) builder_.call(after[i], json_.space, last);
  }
  if (may_end) builder_.byte(begun, '}', builder_.end(rule));
  if (!has_others) return {};
  const Result<RuleId> other = rule_under(place, "additionalProperties");
  if (!other) return pass_on(other);
  std::vector<std::string> names;
  for (const Property& property : *properties) names.push_back(property.name);
  const StateId name_end = builder_.state();
  add_other_name(builder_, first[count], names, name_end);
  add_value(name_end, *other, after[count]);
  return {};
}

// Chains of items up to the bounds, then a loop where there is none above.
Result<void> SchemaCompiler::add_array(RuleId rule, const Place& place, const json::object& schema) {
  const Result<int32_t> least = read_count(schema, place.path, "minItems", 0);
  if (!least) return pass_on(least);
  const Result<int32_t> most = read_count(schema, place.path, "maxItems", kNoLimit);
  if (!most) return pass_on(most);
  const Result<RuleId> item = rule_under(place, "items");
  if (!item) return pass_on(item);

  const StateId opened = builder_.state(), begun = builder_.state(), last = builder_.state();
  builder_.byte(builder_.start(rule), '[', opened);
  builder_.call(opened, json_.space, begun);
  builder_.byte(last, ']', builder_.end(rule));
  if (*least == 0) builder_.byte(begun, ']', builder_.end(rule));
  const int32_t counted = *most == kNoLimit ? std::max(*least, 1) : *most;
  StateId before = begun;  // where the next item begins
  for (int32_t i = 1; i <= counted && !builder_.too_large(); ++i) {
    const StateId behind = builder_.state();
    builder_.call(before, *item, behind);
    if (i >= *least) builder_.call(behind, json_.space, last);
    const StateId comma = builder_.state(), next = builder_.state();
    if (i < *most) {
      builder_.byte(behind, ',', comma);
      builder_.call(comma, json_.space, next);
      if (i == counted) builder_.call(next, *item, behind);
    }
    before = next;
  }
  return {};
}

Result<Grammar> build(SchemaCompiler& compiler, RuleId root, std::string key) {
  Result<Grammar> grammar = std::move(compiler.builder()).build(root, std::move(key));
  if (!grammar) return fail(grammar.error().code, "#: {}", grammar.error().message);
  return grammar;
}

}  // namespace

Result<Grammar> compile_schema(const json::value& schema) {
  SchemaCompiler compiler;
  const Result<RuleId> root = compiler.compile(schema);
  if (!root) return pass_on(root);
  return build(compiler, *root, "schema " + json::serialize(schema));
}

Result<Grammar> any_object_grammar() {
  SchemaCompiler compiler;
  return build(compiler, compiler.json().object, "object");
}

Result<Grammar> compile_alternatives(std::span<const Framed> alternatives) {
  SchemaCompiler compiler;
  GrammarBuilder& builder = compiler.builder();
  const RuleId root = builder.rule();
  json::array key;  // says where one part ends and the next begins
  for (const Framed& alternative : alternatives) {
    Result<RuleId> inside = compiler.json().object;
    if (alternative.schema) inside = compiler.compile(*alternative.schema);
    if (!inside) return pass_on(inside);
    const StateId begin = builder.state(), end = builder.state();
    builder.literal(builder.start(root), alternative.before, begin);
    builder.call(begin, *inside, end);
    builder.literal(end, alternative.behind, builder.end(root));
    key.push_back(json::array{json::string(alternative.before), json::string(alternative.behind),
                              alternative.schema ? *alternative.schema : json::value(nullptr)});
  }
  return build(compiler, root, "alternatives " + json::serialize(key));
}

}  // namespace riposte::constraint
