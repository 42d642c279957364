#include "chat/interpreter.h"
#include "chat/operators.h"

namespace riposte::chat {

Value Interpreter::evaluate(const Expr& expr, Frame& frame) {
  context_.charge();
  if (expr.kind == ExprKind::kConstant) return static_cast<const ConstantExpr&>(expr).value;
  if (expr.kind == ExprKind::kName) return evaluate_name(static_cast<const NameExpr&>(expr), frame);
  place_ = expr.place;
  const DepthGuard guard(context_);
  return evaluate_nested(expr, frame);
}

// Operands are evaluated first, and may move place_ on; so each case sets it again before it does its own
// work.
Value Interpreter::evaluate_nested(const Expr& expr, Frame& frame) {
  switch (expr.kind) {
    case ExprKind::kConstant:
    case ExprKind::kName:
      break;  // done by evaluate()
    case ExprKind::kAttribute: {
      const auto& node = static_cast<const AttributeExpr&>(expr);
      const Value object = evaluate(*node.object, frame);
      place_ = expr.place;
      return get_attribute(context_, object, node.name);
    }
    case ExprKind::kItem: {
      const auto& node = static_cast<const ItemExpr&>(expr);
      const Value object = evaluate(*node.object, frame);
      const Value index = evaluate(*node.index, frame);
      place_ = expr.place;
      return get_item(context_, object, index);
    }
    case ExprKind::kSlice:
      return evaluate_slice(static_cast<const SliceExpr&>(expr), frame);
    case ExprKind::kCall:
      return evaluate_call(static_cast<const CallExpr&>(expr), frame, nullptr);
    case ExprKind::kFilter: {
      const auto& node = static_cast<const FilterExpr&>(expr);
      return apply_filter(node, evaluate(*node.input, frame), frame);
    }
    case ExprKind::kTest:
      return evaluate_test(static_cast<const TestExpr&>(expr), frame);
    case ExprKind::kNot:
      return Value::boolean(!is_true(evaluate(*static_cast<const UnaryExpr&>(expr).operand, frame)));
    case ExprKind::kNegate:
    case ExprKind::kPlus: {
      const Value operand = evaluate(*static_cast<const UnaryExpr&>(expr).operand, frame);
      place_ = expr.place;
      return expr.kind == ExprKind::kNegate ? negate(operand) : add(context_, Value::integer(0), operand);
    }
    case ExprKind::kArithmetic:
      return evaluate_arithmetic(static_cast<const ChainExpr&>(expr), frame);
    case ExprKind::kConcat:
      return evaluate_concat(static_cast<const ListExpr&>(expr), frame);
    case ExprKind::kCompare:
      return evaluate_compare(static_cast<const ChainExpr&>(expr), frame);
    case ExprKind::kAnd:
    case ExprKind::kOr:
      return evaluate_logic(static_cast<const ListExpr&>(expr), frame);
    case ExprKind::kConditional:
      return evaluate_conditional(static_cast<const ConditionalExpr&>(expr), frame);
    case ExprKind::kList:
    case ExprKind::kTuple:
      return evaluate_list(static_cast<const ListExpr&>(expr), frame);
    case ExprKind::kDict:
      return evaluate_dict(static_cast<const DictExpr&>(expr), frame);
  }
  return Value();
}

Value Interpreter::evaluate_name(const NameExpr& expr, Frame& frame) {
  const Value* value = frame.find(context_, expr.name);
  return value ? *value : Value::undefined(expr.spelling);
}

Value Interpreter::evaluate_slice(const SliceExpr& expr, Frame& frame) {
  const auto part = [&](const Expr* bound) { return bound ? evaluate(*bound, frame) : Value::none(); };
  const Value object = evaluate(*expr.object, frame);
  const Value start = part(expr.start);
  const Value stop = part(expr.stop);
  const Value step = part(expr.step);
  place_ = expr.place;
  return get_slice(context_, object, start, stop, step);
}

Value Interpreter::apply_operator(Operator op, const Value& a, const Value& b) {
  switch (op) {
    case Operator::kAdd:
      return add(context_, a, b);
    case Operator::kSubtract:
      return subtract(a, b);
    case Operator::kMultiply:
      return multiply(context_, a, b);
    case Operator::kDivide:
      return divide(a, b);
    case Operator::kFloorDivide:
      return floor_divide(a, b);
    case Operator::kModulo:
      return modulo(context_, a, b);
    case Operator::kPower:
      return power(a, b);
    default:
      return Value::boolean(compare_values(op, a, b));
  }
}

Value Interpreter::evaluate_arithmetic(const ChainExpr& expr, Frame& frame) {
  Value result = evaluate(*expr.first, frame);
  for (const OperandExpr& operand : expr.rest) {
    const Value right = evaluate(*operand.expr, frame);
    place_ = operand.place;
    result = apply_operator(operand.op, result, right);
  }
  return result;
}

Value Interpreter::evaluate_concat(const ListExpr& expr, Frame& frame) {
  std::span<Text> parts = context_.arena.array<Text>(expr.items.size());
  for (size_t i = 0; i < parts.size(); ++i) {
    const Value part = evaluate(*expr.items[i], frame);
    place_ = expr.place;
    parts[i] = to_text(context_, part);
  }
  return make_string(context_, concatenate(context_, parts));
}

bool Interpreter::compare_values(Operator op, const Value& a, const Value& b) {
  bool unordered = false;
  switch (op) {
    case Operator::kEqual:
      return equal(context_, a, b);
    case Operator::kNotEqual:
      return !equal(context_, a, b);
    case Operator::kIn:
      return contains(context_, b, a);
    case Operator::kNotIn:
      return !contains(context_, b, a);
    default:
      break;
  }
  const int order = compare(context_, a, b, &unordered);
  if (unordered) return false;
  switch (op) {
    case Operator::kLess:
      return order < 0;
    case Operator::kLessEqual:
      return order <= 0;
    case Operator::kGreater:
      return order > 0;
    default:
      return order >= 0;
  }
}

// a < b < c is a < b and b < c.
Value Interpreter::evaluate_compare(const ChainExpr& expr, Frame& frame) {
  Value left = evaluate(*expr.first, frame);
  for (const OperandExpr& operand : expr.rest) {
    const Value right = evaluate(*operand.expr, frame);
    place_ = operand.place;
    if (!compare_values(operand.op, left, right)) return Value::boolean(false);
    left = right;
  }
  return Value::boolean(true);
}

// Python's and/or: the operand that decides is the value.
Value Interpreter::evaluate_logic(const ListExpr& expr, Frame& frame) {
  Value value;
  for (const Expr* operand : expr.items) {
    value = evaluate(*operand, frame);
    if (is_true(value) == (expr.kind == ExprKind::kOr)) break;
  }
  return value;
}

Value Interpreter::evaluate_conditional(const ConditionalExpr& expr, Frame& frame) {
  if (is_true(evaluate(*expr.condition, frame))) return evaluate(*expr.then, frame);
  return expr.otherwise ? evaluate(*expr.otherwise, frame) : Value();
}

Value Interpreter::evaluate_list(const ListExpr& expr, Frame& frame) {
  std::span<Value> items = context_.arena.array<Value>(expr.items.size());
  for (size_t i = 0; i < items.size(); ++i) items[i] = evaluate(*expr.items[i], frame);
  return expr.kind == ExprKind::kList ? Value::list(context_.arena, items)
                                      : Value::tuple(context_.arena, items);
}

Value Interpreter::evaluate_dict(const DictExpr& expr, Frame& frame) {
  ArenaVector<Entry> entries;
  for (const auto& [key_expr, value_expr] : expr.entries) {
    const Value key = evaluate(*key_expr, frame);
    const Value value = evaluate(*value_expr, frame);
    place_ = expr.place;
    chat::assign(context_, entries, key, value);
  }
  return Value::dict(context_.arena, entries.view());
}

Value Interpreter::evaluate_test(const TestExpr& expr, Frame& frame) {
  const Value input = evaluate(*expr.input, frame);
  const Arguments arguments = evaluate_arguments(expr.arguments, frame);
  place_ = expr.place;
  if (!expr.test) raise(ErrorCode::kUnsupported, "the test '{}' is not supported", expr.name);
  return Value::boolean(expr.test->apply(context_, input, arguments));
}

Value Interpreter::apply_filter(const FilterExpr& expr, const Value& input, Frame& frame) {
  const Arguments arguments = evaluate_arguments(expr.arguments, frame);
  place_ = expr.place;
  if (!expr.filter) raise(ErrorCode::kUnsupported, "the filter '{}' is not supported", expr.name);
  return expr.filter->apply(context_, input, arguments);
}

}  // namespace riposte::chat
