#include <charconv>
#include <cstdlib>

#include "chat/parser.h"

namespace riposte::chat {
namespace {

struct Spelling {
  std::string_view text;
  Operator op;
};
constexpr Spelling kSums[] = {{"+", Operator::kAdd}, {"-", Operator::kSubtract}};
constexpr Spelling kProducts[] = {{"*", Operator::kMultiply},
                                  {"/", Operator::kDivide},
                                  {"//", Operator::kFloorDivide},
                                  {"%", Operator::kModulo}};
constexpr Spelling kPowers[] = {{"**", Operator::kPower}};
constexpr Spelling kComparisons[] = {{"==", Operator::kEqual},  {"!=", Operator::kNotEqual},
                                     {"<", Operator::kLess},    {"<=", Operator::kLessEqual},
                                     {">", Operator::kGreater}, {">=", Operator::kGreaterEqual}};

const Spelling* match(std::span<const Spelling> spellings, const Token& token) {
  if (token.kind != TokenKind::kOperator) return nullptr;
  for (const Spelling& spelling : spellings) {
    if (spelling.text == token.text) return &spelling;
  }
  return nullptr;
}

}  // namespace

const Expr* ExpressionParser::parse_tuple(bool conditional, bool parentheses) {
  const Place place = tokens_.current().place;
  std::vector<const Expr*> items;
  bool is_tuple = false;
  while (true) {
    const Token& token = tokens_.current();
    if (token.kind == TokenKind::kVariableEnd || token.kind == TokenKind::kBlockEnd ||
        tokens_.at_operator(")") || tokens_.at_name("recursive")) {
      break;
    }
    items.push_back(conditional ? parse_expression() : parse_or());
    if (!tokens_.skip_operator(",")) break;
    is_tuple = true;
  }
  if (!is_tuple && !items.empty()) return items.front();
  if (!is_tuple && !parentheses) tokens_.fail_unexpected("an expression");
  return tokens_.arena().make<ListExpr>(Expr{ExprKind::kTuple, place}, tokens_.arena().copy(items));
}

const Expr* ExpressionParser::parse_conditional() {
  NestingGuard guard(tokens_, nesting);
  const Expr* expr = parse_or();
  while (tokens_.at_name("if")) {
    const Place place = tokens_.next().place;
    guard.deepen();
    ++branch_depth;
    const Expr* condition = parse_or();
    const Expr* otherwise = tokens_.skip_name("else") ? parse_conditional() : nullptr;
    --branch_depth;
    expr = tokens_.arena().make<ConditionalExpr>(Expr{ExprKind::kConditional, place}, condition, expr,
                                                 otherwise);
  }
  return expr;
}

const Expr* ExpressionParser::parse_or() {
  const Place place = tokens_.current().place;
  const Expr* first = parse_and();
  if (!tokens_.at_name("or")) return first;
  std::vector<const Expr*> operands = {first};
  while (tokens_.skip_name("or")) operands.push_back(parse_and());
  return tokens_.arena().make<ListExpr>(Expr{ExprKind::kOr, place}, tokens_.arena().copy(operands));
}

const Expr* ExpressionParser::parse_and() {
  const Place place = tokens_.current().place;
  const Expr* first = parse_not();
  if (!tokens_.at_name("and")) return first;
  std::vector<const Expr*> operands = {first};
  while (tokens_.skip_name("and")) operands.push_back(parse_not());
  return tokens_.arena().make<ListExpr>(Expr{ExprKind::kAnd, place}, tokens_.arena().copy(operands));
}

const Expr* ExpressionParser::parse_not() {
  if (!tokens_.at_name("not")) return parse_compare();
  NestingGuard guard(tokens_, nesting);
  const Place place = tokens_.next().place;
  return tokens_.arena().make<UnaryExpr>(Expr{ExprKind::kNot, place}, parse_not());
}

const Expr* ExpressionParser::parse_compare() {
  const Place place = tokens_.current().place;
  const Expr* first = parse_sum();
  std::vector<OperandExpr> rest;
  while (true) {
    const Place at = tokens_.current().place;
    if (const Spelling* spelling = match(kComparisons, tokens_.current())) {
      tokens_.next();
      rest.push_back({spelling->op, at, parse_sum()});
    } else if (tokens_.skip_name("in")) {
      rest.push_back({Operator::kIn, at, parse_sum()});
    } else if (tokens_.at_name("not") && TokenStream::is(tokens_.after(), TokenKind::kName, "in")) {
      tokens_.next();
      tokens_.next();
      rest.push_back({Operator::kNotIn, at, parse_sum()});
    } else {
      break;
    }
  }
  if (rest.empty()) return first;
  return tokens_.arena().make<ChainExpr>(Expr{ExprKind::kCompare, place}, first, tokens_.arena().copy(rest));
}

namespace {

// first (operator operand)*, for the operators of one precedence.
template <class ParseOperand>
const Expr* parse_chain(TokenStream& tokens, std::span<const Spelling> operators,
                        ParseOperand parse_operand) {
  const Place place = tokens.current().place;
  const Expr* first = parse_operand();
  std::vector<OperandExpr> rest;
  while (const Spelling* spelling = match(operators, tokens.current())) {
    const Place at = tokens.next().place;
    rest.push_back({spelling->op, at, parse_operand()});
  }
  if (rest.empty()) return first;
  return tokens.arena().make<ChainExpr>(Expr{ExprKind::kArithmetic, place}, first, tokens.arena().copy(rest));
}

}  // namespace

const Expr* ExpressionParser::parse_sum() {
  return parse_chain(tokens_, kSums, [this] { return parse_concat(); });
}

const Expr* ExpressionParser::parse_concat() {
  const Place place = tokens_.current().place;
  const Expr* first = parse_product();
  if (!tokens_.at_operator("~")) return first;
  std::vector<const Expr*> operands = {first};
  while (tokens_.skip_operator("~")) operands.push_back(parse_product());
  return tokens_.arena().make<ListExpr>(Expr{ExprKind::kConcat, place}, tokens_.arena().copy(operands));
}

const Expr* ExpressionParser::parse_product() {
  return parse_chain(tokens_, kProducts, [this] { return parse_power(); });
}

// Jinja's ** groups from the left, unlike Python's.
const Expr* ExpressionParser::parse_power() {
  return parse_chain(tokens_, kPowers, [this] { return parse_unary(true); });
}

const Expr* ExpressionParser::parse_unary(bool with_filters) {
  NestingGuard guard(tokens_, nesting);
  const Place place = tokens_.current().place;
  const Expr* expr = nullptr;
  if (tokens_.skip_operator("-")) {
    expr = tokens_.arena().make<UnaryExpr>(Expr{ExprKind::kNegate, place}, parse_unary(false));
  } else if (tokens_.skip_operator("+")) {
    expr = tokens_.arena().make<UnaryExpr>(Expr{ExprKind::kPlus, place}, parse_unary(false));
  } else {
    expr = parse_primary();
  }
  expr = parse_postfix(expr, guard);
  return with_filters ? parse_filters(expr, guard) : expr;
}

const Expr* ExpressionParser::parse_primary() {
  const Token& token = tokens_.current();
  switch (token.kind) {
    case TokenKind::kName:
      return parse_name(tokens_.next());
    case TokenKind::kInteger:
    case TokenKind::kFloat:
      return parse_number(tokens_.next());
    case TokenKind::kString:
      return parse_strings();
    default:
      break;
  }
  if (tokens_.skip_operator("(")) {
    const Expr* expr = parse_tuple(true, true);
    tokens_.expect_operator(")");
    return expr;
  }
  if (tokens_.skip_operator("[")) return parse_list();
  if (tokens_.skip_operator("{")) return parse_dict();
  tokens_.fail_unexpected("an expression");
}

const Expr* ExpressionParser::parse_name(const Token& token) {
  Arena& arena = tokens_.arena();
  const auto constant = [&](const Value& value) {
    return arena.make<ConstantExpr>(Expr{ExprKind::kConstant, token.place}, value);
  };
  if (token.text == "true" || token.text == "True") return constant(Value::boolean(true));
  if (token.text == "false" || token.text == "False") return constant(Value::boolean(false));
  if (token.text == "none" || token.text == "None") return constant(Value::none());
  const NameId name = program_.names.intern(token.text);
  if (macro) {
    macro->takes_more_positional |= name == program_.varargs;
    macro->takes_more_named |= name == program_.kwargs;
    macro->takes_caller |= name == program_.caller;
  }
  return arena.make<NameExpr>(Expr{ExprKind::kName, token.place}, name, tokens_.own_text(token.text));
}

const Expr* ExpressionParser::parse_number(const Token& token) {
  std::string digits;
  for (const char c : token.text) {
    if (c != '_') digits += c;
  }
  Value value;
  if (token.kind == TokenKind::kFloat) {
    double real = 0;
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), real);
    // from_chars does not say in which direction a number left the range of a double; strtod does.
    if (result.ec == std::errc::result_out_of_range) real = std::strtod(digits.c_str(), nullptr);
    value = Value::real(real);
  } else {
    const char kind = digits.size() > 1 ? static_cast<char>(digits[1] | 0x20) : '\0';
    const int base = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 10;
    const char* begin = digits.data() + (base == 10 ? 0 : 2);
    const char* end = digits.data() + digits.size();
    int64_t integer = 0;
    const auto result = std::from_chars(begin, end, integer, base);
    if (result.ec == std::errc::result_out_of_range) {
      tokens_.fail(ErrorCode::kTooLarge, token.place, "the integer does not fit in 64 bits");
    }
    if (result.ec != std::errc{} || result.ptr != end) {
      tokens_.fail(ErrorCode::kCorrupt, token.place, fmt::format("'{}' is not a number", token.text));
    }
    value = Value::integer(integer);
  }
  return tokens_.arena().make<ConstantExpr>(Expr{ExprKind::kConstant, token.place}, value);
}

// Literals that stand side by side are one string.
const Expr* ExpressionParser::parse_strings() {
  const Place place = tokens_.current().place;
  std::string_view text = tokens_.next().text;
  if (tokens_.current().kind == TokenKind::kString) {
    std::string joined(text);
    while (tokens_.current().kind == TokenKind::kString) joined += tokens_.next().text;
    text = tokens_.arena().copy(joined);
  }
  return tokens_.arena().make<ConstantExpr>(Expr{ExprKind::kConstant, place},
                                            Value::string(tokens_.own_text(text)));
}

const Expr* ExpressionParser::parse_list() {
  const Place place = tokens_.current().place;
  std::vector<const Expr*> items;
  while (!tokens_.at_operator("]")) {
    if (!items.empty()) tokens_.expect_operator(",");
    if (tokens_.at_operator("]")) break;
    items.push_back(parse_expression());
  }
  tokens_.expect_operator("]");
  return tokens_.arena().make<ListExpr>(Expr{ExprKind::kList, place}, tokens_.arena().copy(items));
}

const Expr* ExpressionParser::parse_dict() {
  const Place place = tokens_.current().place;
  std::vector<std::pair<const Expr*, const Expr*>> entries;
  while (!tokens_.at_operator("}")) {
    if (!entries.empty()) tokens_.expect_operator(",");
    if (tokens_.at_operator("}")) break;
    const Expr* key = parse_expression();
    tokens_.expect_operator(":");
    entries.emplace_back(key, parse_expression());
  }
  tokens_.expect_operator("}");
  return tokens_.arena().make<DictExpr>(Expr{ExprKind::kDict, place}, tokens_.arena().copy(entries));
}

}  // namespace riposte::chat
