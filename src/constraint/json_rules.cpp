#include "constraint/json_rules.h"

namespace riposte::constraint {
namespace {

constexpr int kIndentation = 24;  // spaces or tabs behind a line break
constexpr int kIntegerDigits = 18;
constexpr int kFractionDigits = 16;
constexpr int kExponentDigits = 2;

void add_space(GrammarBuilder& builder, RuleId rule) {
  StateId at = builder.state();
  builder.jump(builder.start(rule), builder.end(rule));
  builder.byte(builder.start(rule), ' ', builder.end(rule));
  builder.byte(builder.start(rule), '\n', at);
  builder.jump(at, builder.end(rule));
  for (int i = 0; i < kIndentation; ++i) {
    const StateId next = builder.state();
    builder.any_of(at, " \t", next);
    builder.jump(next, builder.end(rule));
    at = next;
  }
}

// One to `most` digits; the states after the first may end at `to`.
void add_digits(GrammarBuilder& builder, StateId from, int most, StateId to) {
  for (int i = 0; i < most; ++i) {
    const StateId next = builder.state();
    builder.byte(from, '0', '9', next);
    builder.jump(next, to);
    from = next;
  }
}

// -?(0|[1-9][0-9]*)
void add_integer(GrammarBuilder& builder, StateId from, StateId to) {
  const StateId digits = builder.state(), more = builder.state();
  builder.jump(from, digits);
  builder.byte(from, '-', digits);
  builder.byte(digits, '0', to);
  builder.byte(digits, '1', '9', more);
  builder.jump(more, to);
  add_digits(builder, more, kIntegerDigits - 1, to);
}

void add_number(GrammarBuilder& builder, RuleId rule) {
  const StateId whole = builder.state(), point = builder.state(), fraction = builder.state(),
                exponent = builder.state(), power = builder.state();
  add_integer(builder, builder.start(rule), whole);
  builder.jump(whole, fraction);
  builder.byte(whole, '.', point);
  add_digits(builder, point, kFractionDigits, fraction);
  builder.jump(fraction, builder.end(rule));
  builder.any_of(fraction, "eE", exponent);
  builder.jump(exponent, power);
  builder.any_of(exponent, "+-", power);
  add_digits(builder, power, kExponentDigits, builder.end(rule));
}

// open space (item (, space item)*)? space close, an item being what lies between `item` and `item_end`.
void add_list(GrammarBuilder& builder, const JsonRules& json, RuleId rule, char open, StateId item,
              StateId item_end, char close) {
  const StateId first = builder.state(), opened = builder.state(), comma = builder.state(),
                last = builder.state();
  builder.byte(builder.start(rule), open, first);
  builder.call(first, json.space, opened);
  builder.jump(opened, item);
  builder.byte(opened, close, builder.end(rule));
  builder.byte(item_end, ',', comma);
  builder.call(comma, json.space, item);
  builder.call(item_end, json.space, last);
  builder.byte(last, close, builder.end(rule));
}

}  // namespace

void add_string(GrammarBuilder& builder, StateId from, int32_t least, int32_t most, StateId to) {
  StateId at = builder.state();
  builder.byte(from, '"', at);
  const int32_t counted = most == kNoLimit ? least : most;
  for (int32_t i = 0; i < counted && !builder.too_large(); ++i) {
    const StateId next = builder.state();
    if (i >= least) builder.byte(at, '"', to);
    builder.text(at, next);
    at = next;
  }
  if (least > counted) return;  // no length is left: nothing leads to `to`
  builder.byte(at, '"', to);
  if (most == kNoLimit) builder.text(at, at);
}

JsonRules::JsonRules(GrammarBuilder& builder)
    : space(builder.rule()),
      string(builder.rule()),
      integer(builder.rule()),
      number(builder.rule()),
      boolean(builder.rule()),
      null(builder.rule()),
      object(builder.rule()),
      array(builder.rule()),
      value(builder.rule()) {
  add_space(builder, space);
  add_string(builder, builder.start(string), 0, kNoLimit, builder.end(string));
  add_integer(builder, builder.start(integer), builder.end(integer));
  add_number(builder, number);
  builder.literal(builder.start(boolean), "true", builder.end(boolean));
  builder.literal(builder.start(boolean), "false", builder.end(boolean));
  builder.literal(builder.start(null), "null", builder.end(null));

  const StateId item = builder.state(), item_end = builder.state();
  builder.call(item, value, item_end);
  add_list(builder, *this, array, '[', item, item_end, ']');

  const StateId member = builder.state(), name_end = builder.state(), colon = builder.state(),
                member_value = builder.state(), member_end = builder.state();
  builder.call(member, string, name_end);
  builder.byte(name_end, ':', colon);
  builder.call(colon, space, member_value);
  builder.call(member_value, value, member_end);
  add_list(builder, *this, object, '{', member, member_end, '}');

  for (const RuleId kind : {object, array, string, number, boolean, null}) {
    builder.call(builder.start(value), kind, builder.end(value));
  }
}

}  // namespace riposte::constraint
