#include <charconv>
#include <cmath>
#include <optional>

#include "chat/arguments.h"
#include "chat/filters.h"
#include "chat/unicode.h"

namespace riposte::chat {
namespace {

// float() of Python: surrounding space, a sign, digits with single underscores between them, inf and nan.
std::optional<double> parse_real(std::string_view text) {
  text.remove_prefix(leading_bytes(text, nullptr));
  text.remove_suffix(trailing_bytes(text, nullptr));
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  std::string digits;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto digit = [&](size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '9'; };
    if (text[i] != '_') {
      digits += text[i];
    } else if (i == 0 || !digit(i - 1) || !digit(i + 1)) {
      return std::nullopt;
    }
  }
  if (digits.find('(') != std::string::npos) return std::nullopt;  // from_chars would take "nan(...)"
  double value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (result.ec == std::errc::invalid_argument || result.ptr != digits.data() + digits.size())
    return std::nullopt;
  if (result.ec == std::errc::result_out_of_range) value = std::strtod(digits.c_str(), nullptr);
  return value;
}

std::optional<Value> to_integer(double value) {
  if (!std::isfinite(value)) return std::nullopt;
  if (std::abs(value) >= 9223372036854775808.0)
    raise(ErrorCode::kTooLarge, "the integer does not fit in 64 bits");
  return Value::integer(static_cast<int64_t>(value));
}

std::optional<Value> parse_integer(std::string_view text, int base) {
  text.remove_prefix(leading_bytes(text, nullptr));
  text.remove_suffix(trailing_bytes(text, nullptr));
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const char prefix = base == 16 ? 'x' : base == 8 ? 'o' : base == 2 ? 'b' : '\0';
  if (prefix && text.size() > 2 && text[0] == '0' && (text[1] | 0x20) == prefix) text.remove_prefix(2);
  std::string digits = negative ? "-" : "";
  bool underscore_allowed = false;
  for (const char c : text) {
    if (c == '_' && !underscore_allowed) return std::nullopt;
    underscore_allowed = c != '_';
    if (c != '_') digits += c;
    if (c == '-' || c == '+') return std::nullopt;
  }
  if (!underscore_allowed) return std::nullopt;  // empty, or an underscore at the end
  int64_t value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (result.ec == std::errc::result_out_of_range)
    raise(ErrorCode::kTooLarge, "the integer does not fit in 64 bits");
  if (result.ec != std::errc{} || result.ptr != digits.data() + digits.size()) return std::nullopt;
  return Value::integer(value);
}

Value to_int(Context& context, const Value& input, const Arguments& arguments) {
  const auto [otherwise, base_value] = bind<2>("int", arguments, {"default", "base"});
  const int64_t base = integer_or("int", base_value, 10);
  if (base < 2 || base > 36) raise_invalid("int() needs a base from 2 to 36");
  std::optional<Value> result;
  if (input.is_string()) {
    context.charge_bytes(input.bytes().size());
    result = parse_integer(input.bytes(), static_cast<int>(base));
    if (!result) {
      if (const auto real = parse_real(input.bytes())) result = to_integer(*real);  // "42.23" | int is 42
    }
  } else if (input.is(Kind::kFloat)) {
    result = to_integer(input.as_real());
  } else if (input.is(Kind::kBigInt)) {
    result = input;
  } else if (input.is_integral()) {
    result = Value::integer(input.as_integer());
  } else if (input.is_undefined()) {
    raise_invalid("an undefined value is not a number");
  }
  return result ? *result : otherwise ? *otherwise : Value::integer(0);
}

Value to_float(Context& context, const Value& input, const Arguments& arguments) {
  const auto [otherwise] = bind<1>("float", arguments, {"default"});
  if (input.is_number()) return Value::real(input.as_real());
  if (input.is_undefined()) raise_invalid("an undefined value is not a number");
  if (input.is_string()) {
    context.charge_bytes(input.bytes().size());
    if (const auto real = parse_real(input.bytes())) return Value::real(*real);
  }
  return otherwise ? *otherwise : Value::real(0);
}

Value absolute(Context&, const Value& input, const Arguments& arguments) {
  bind_none("abs", arguments);
  if (input.is(Kind::kBigInt)) return input;
  if (input.is(Kind::kFloat)) return Value::real(std::abs(input.as_real()));
  if (!input.is_integral()) raise_invalid("abs() needs a number, not a {}", type_name(input));
  if (input.as_integer() == INT64_MIN) raise(ErrorCode::kTooLarge, "the integer does not fit in 64 bits");
  return Value::integer(std::abs(input.as_integer()));
}

// Correctly rounded in decimal, halves to even, as Python's round().
double round_decimal(double value, int precision) {
  if (!std::isfinite(value) || precision > 300) return value;
  if (precision < 0) {
    const double unit = std::pow(10.0, -precision);
    return std::isfinite(unit) ? std::nearbyint(value / unit) * unit : 0.0;
  }
  const std::string digits = fmt::format("{:.{}f}", value, precision);
  return std::strtod(digits.c_str(), nullptr);
}

Value round_filter(Context&, const Value& input, const Arguments& arguments) {
  const auto [precision_value, method_value] = bind<2>("round", arguments, {"precision", "method"});
  const int64_t wide = integer_or("round", precision_value, 0);
  const auto precision = static_cast<int>(std::clamp<int64_t>(wide, -400, 400));
  const std::string_view method = method_value ? text_of("round", *method_value).bytes : "common";
  if (!input.is_number()) raise_invalid("round() needs a number, not a {}", type_name(input));
  if (method == "common") {
    if (!input.is(Kind::kFloat) && precision >= 0) return input;
    const double rounded = round_decimal(input.as_real(), precision);
    return input.is(Kind::kFloat) ? Value::real(rounded) : *to_integer(rounded);
  }
  if (method != "ceil" && method != "floor")
    raise_invalid("round() knows the methods common, ceil and floor");
  const double scale = std::pow(10.0, precision);
  const double scaled = input.as_real() * scale;
  if (scale == 0 || !std::isfinite(scaled)) raise_invalid("round() cannot reach this precision");
  return Value::real((method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / scale);
}

constexpr Filter kFilters[] = {
    {"int", to_int}, {"float", to_float}, {"abs", absolute}, {"round", round_filter}};

}  // namespace

std::span<const Filter> number_filters() {
  return kFilters;
}

}  // namespace riposte::chat
