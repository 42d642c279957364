#include "chat/tests.h"

#include "chat/arguments.h"
#include "chat/filters.h"
#include "chat/methods.h"

namespace riposte::chat {
namespace {

template <bool (*kHolds)(const Value&)>
bool plain(Context&, const Value& value, const Arguments& arguments) {
  bind_none("the test", arguments);
  return kHolds(value);
}

bool is_defined(const Value& v) {
  return !v.is_undefined();
}
bool is_undefined(const Value& v) {
  return v.is_undefined();
}
bool is_none(const Value& v) {
  return v.is(Kind::kNone);
}
bool is_string(const Value& v) {
  return v.is_string();
}
bool is_number(const Value& v) {
  return v.is_number();
}
bool is_integer(const Value& v) {
  return v.is(Kind::kInt) || v.is(Kind::kBigInt);
}
bool is_float(const Value& v) {
  return v.is(Kind::kFloat);
}
bool is_boolean(const Value& v) {
  return v.is(Kind::kBool);
}
bool is_true_value(const Value& v) {
  return v.is(Kind::kBool) && v.as_integer();
}
bool is_false_value(const Value& v) {
  return v.is(Kind::kBool) && !v.as_integer();
}
bool is_mapping(const Value& v) {
  return v.is(Kind::kDict);
}
// An undefined value has a length and can be looped over, so Jinja counts it among these.
bool is_iterable(const Value& v) {
  return v.is_string() || v.is_sequence() || v.is(Kind::kDict) || v.is_undefined();
}
bool is_callable(const Value& v) {
  return v.is(Kind::kFunction) || v.is(Kind::kMethod) || v.is(Kind::kMacro) || v.is(Kind::kLoop) ||
         v.is_undefined();
}

const Value& other(const Arguments& arguments) {
  return *bind<1>("the test", arguments, {"other"}, 1)[0];
}

bool is_equal(Context& context, const Value& v, const Arguments& a) {
  return equal(context, v, other(a));
}
bool is_unequal(Context& context, const Value& v, const Arguments& a) {
  return !equal(context, v, other(a));
}
bool is_in(Context& context, const Value& v, const Arguments& a) {
  return contains(context, other(a), v);
}

template <bool (*kHolds)(int)>
bool ordered(Context& context, const Value& v, const Arguments& arguments) {
  bool unordered = false;
  const int order = compare(context, v, other(arguments), &unordered);
  return !unordered && kHolds(order);
}
bool less(int order) {
  return order < 0;
}
bool less_equal(int order) {
  return order <= 0;
}
bool greater(int order) {
  return order > 0;
}
bool greater_equal(int order) {
  return order >= 0;
}

bool is_same(Context& context, const Value& v, const Arguments& arguments) {
  return v.kind() == other(arguments).kind() && equal(context, v, other(arguments));
}

int64_t integer_of(const Value& v) {
  if (!v.is_integral()) raise_invalid("the test needs an integer, not a {}", type_name(v));
  return v.as_integer();
}
bool is_even(const Value& v) {
  return integer_of(v) % 2 == 0;
}
bool is_odd(const Value& v) {
  return integer_of(v) % 2 != 0;
}
bool is_divisible(Context&, const Value& v, const Arguments& arguments) {
  const int64_t divisor = integer_of(other(arguments));
  if (divisor == 0) raise_invalid("division by zero");
  return divisor == -1 || integer_of(v) % divisor == 0;
}

bool in_case(Context& context, const Value& v, std::string_view method) {
  const Value text = make_string(context, to_text(context, v));
  return is_true(find_string_method(method)(context, text, {}));
}
bool is_lower(Context& context, const Value& v, const Arguments&) {
  return in_case(context, v, "islower");
}
bool is_upper(Context& context, const Value& v, const Arguments&) {
  return in_case(context, v, "isupper");
}

bool is_filter(Context&, const Value& v, const Arguments&) {
  return v.is_string() && find_filter(v.bytes());
}
bool is_test(Context&, const Value& v, const Arguments&) {
  return v.is_string() && find_test(v.bytes());
}

constexpr Test kTests[] = {
    {"defined", plain<is_defined>},
    {"undefined", plain<is_undefined>},
    {"none", plain<is_none>},
    {"string", plain<is_string>},
    {"number", plain<is_number>},
    {"integer", plain<is_integer>},
    {"float", plain<is_float>},
    {"boolean", plain<is_boolean>},
    {"true", plain<is_true_value>},
    {"false", plain<is_false_value>},
    {"mapping", plain<is_mapping>},
    {"iterable", plain<is_iterable>},
    {"sequence", plain<is_iterable>},
    {"callable", plain<is_callable>},
    {"even", plain<is_even>},
    {"odd", plain<is_odd>},
    {"divisibleby", is_divisible},
    {"eq", is_equal},
    {"equalto", is_equal},
    {"==", is_equal},
    {"ne", is_unequal},
    {"!=", is_unequal},
    {"lt", ordered<less>},
    {"lessthan", ordered<less>},
    {"<", ordered<less>},
    {"le", ordered<less_equal>},
    {"<=", ordered<less_equal>},
    {"gt", ordered<greater>},
    {"greaterthan", ordered<greater>},
    {">", ordered<greater>},
    {"ge", ordered<greater_equal>},
    {">=", ordered<greater_equal>},
    {"in", is_in},
    {"sameas", is_same},
    {"lower", is_lower},
    {"upper", is_upper},
    {"filter", is_filter},
    {"test", is_test},
};

}  // namespace

const Test* find_test(std::string_view name) {
  for (const Test& test : kTests) {
    if (test.name == name) return &test;
  }
  return nullptr;
}

}  // namespace riposte::chat
