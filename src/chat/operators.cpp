#include "chat/operators.h"

#include <cmath>

namespace riposte::chat {
namespace {

[[noreturn]] void overflow() {
  raise(ErrorCode::kTooLarge, "the result does not fit in 64 bits");
}

[[noreturn]] void mismatch(std::string_view op, const Value& a, const Value& b) {
  if (a.is_undefined() || b.is_undefined()) {
    const Value& missing = a.is_undefined() ? a : b;
    const Text* name = missing.undefined_name();
    raise_invalid("'{}' is undefined, so '{}' cannot use it", name ? name->bytes : "a value", op);
  }
  raise_invalid("'{}' does not work between {} and {}", op, type_name(a), type_name(b));
}

void check_numbers(std::string_view op, const Value& a, const Value& b) {
  if (!a.is_number() || !b.is_number()) mismatch(op, a, b);
  if (a.is(Kind::kBigInt) || b.is(Kind::kBigInt)) overflow();
}

bool both_integral(const Value& a, const Value& b) {
  return a.is_integral() && b.is_integral();
}

Value join_lists(Context& context, const Value& a, const Value& b) {
  const auto x = a.items(), y = b.items();
  context.charge((x.size() + y.size()) / 8);
  std::span<Value> items = context.arena.array<Value>(x.size() + y.size());
  std::copy(x.begin(), x.end(), items.begin());
  std::copy(y.begin(), y.end(), items.begin() + static_cast<ptrdiff_t>(x.size()));
  return a.is(Kind::kList) ? Value::list(context.arena, items) : Value::tuple(context.arena, items);
}

Value repeat_list(Context& context, const Value& list, int64_t count) {
  const auto items = list.items();
  std::span<Value> result;
  if (count > 0 && !items.empty()) {
    if (static_cast<uint64_t>(count) > SIZE_MAX / sizeof(Value) / items.size())
      context.arena.charge(SIZE_MAX);
    context.charge(static_cast<size_t>(count) * items.size() / 8);
    result = context.arena.array<Value>(static_cast<size_t>(count) * items.size());
    for (size_t i = 0; i < result.size(); ++i) result[i] = items[i % items.size()];
  }
  return list.is(Kind::kList) ? Value::list(context.arena, result) : Value::tuple(context.arena, result);
}

Value repeated(Context& context, const Value& what, int64_t count) {
  if (!what.is_string()) return repeat_list(context, what, count);
  return make_string(context, repeat(context, what.as_text(), count > 0 ? static_cast<size_t>(count) : 0));
}

Value real_power(double base, double exponent) {
  if (base == 0 && exponent < 0) raise_invalid("0 cannot be raised to a negative power");
  if (base < 0 && std::isfinite(base) && std::isfinite(exponent) && exponent != std::floor(exponent)) {
    raise(ErrorCode::kUnsupported, "a negative number to a broken power is a complex number");
  }
  const double result = std::pow(base, exponent);
  if (std::isinf(result) && std::isfinite(base) && std::isfinite(exponent)) overflow();
  return Value::real(result);
}

}  // namespace

Value add(Context& context, const Value& a, const Value& b) {
  if (a.is_string() && b.is_string()) {
    const Text parts[] = {a.as_text(), b.as_text()};
    return make_string(context, concatenate(context, parts));
  }
  if (a.is_sequence() && a.kind() == b.kind()) return join_lists(context, a, b);
  check_numbers("+", a, b);
  if (!both_integral(a, b)) return Value::real(a.as_real() + b.as_real());
  int64_t result = 0;
  if (__builtin_add_overflow(a.as_integer(), b.as_integer(), &result)) overflow();
  return Value::integer(result);
}

Value subtract(const Value& a, const Value& b) {
  check_numbers("-", a, b);
  if (!both_integral(a, b)) return Value::real(a.as_real() - b.as_real());
  int64_t result = 0;
  if (__builtin_sub_overflow(a.as_integer(), b.as_integer(), &result)) overflow();
  return Value::integer(result);
}

Value multiply(Context& context, const Value& a, const Value& b) {
  if ((a.is_string() || a.is_sequence()) && b.is_integral()) return repeated(context, a, b.as_integer());
  if ((b.is_string() || b.is_sequence()) && a.is_integral()) return repeated(context, b, a.as_integer());
  check_numbers("*", a, b);
  if (!both_integral(a, b)) return Value::real(a.as_real() * b.as_real());
  int64_t result = 0;
  if (__builtin_mul_overflow(a.as_integer(), b.as_integer(), &result)) overflow();
  return Value::integer(result);
}

Value divide(const Value& a, const Value& b) {
  check_numbers("/", a, b);
  if (b.as_real() == 0) raise_invalid("division by zero");
  return Value::real(a.as_real() / b.as_real());
}

// Rounds towards minus infinity, as Python does.
Value floor_divide(const Value& a, const Value& b) {
  check_numbers("//", a, b);
  if (b.as_real() == 0) raise_invalid("division by zero");
  if (!both_integral(a, b)) {
    const double x = a.as_real(), y = b.as_real();
    double rest = std::fmod(x, y);
    double quotient = (x - rest) / y;
    if (rest != 0 && (rest < 0) != (y < 0)) quotient -= 1;
    if (quotient == 0) return Value::real(std::copysign(0.0, x / y));
    const double floored = std::floor(quotient);
    return Value::real(quotient - floored > 0.5 ? floored + 1 : floored);
  }
  const int64_t x = a.as_integer(), y = b.as_integer();
  if (x == INT64_MIN && y == -1) overflow();
  return Value::integer(x / y - (x % y != 0 && (x < 0) != (y < 0)));
}

// The sign of the result is that of the divisor.
Value modulo(Context& context, const Value& a, const Value& b) {
  if (a.is_string()) return make_string(context, format_percent(context, a.as_text(), b));
  check_numbers("%", a, b);
  if (b.as_real() == 0) raise_invalid("division by zero");
  if (!both_integral(a, b)) {
    double rest = std::fmod(a.as_real(), b.as_real());
    if (rest == 0) return Value::real(std::copysign(0.0, b.as_real()));
    if ((rest < 0) != (b.as_real() < 0)) rest += b.as_real();
    return Value::real(rest);
  }
  const int64_t x = a.as_integer(), y = b.as_integer();
  if (y == -1) return Value::integer(0);  // INT64_MIN % -1 would trap
  const int64_t rest = x % y;
  return Value::integer(rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest);
}

Value power(const Value& a, const Value& b) {
  check_numbers("**", a, b);
  if (!both_integral(a, b) || b.as_integer() < 0) return real_power(a.as_real(), b.as_real());
  int64_t result = 1, base = a.as_integer();
  for (int64_t exponent = b.as_integer(); exponent > 0; exponent >>= 1) {
    if ((exponent & 1) && __builtin_mul_overflow(result, base, &result)) overflow();
    if (exponent > 1 && __builtin_mul_overflow(base, base, &base)) overflow();
  }
  return Value::integer(result);
}

Value negate(const Value& a) {
  if (a.is(Kind::kFloat)) return Value::real(-a.as_real());
  if (!a.is_integral()) raise_invalid("'-' does not work on a value of type {}", type_name(a));
  if (a.as_integer() == INT64_MIN) overflow();
  return Value::integer(-a.as_integer());
}

}  // namespace riposte::chat
