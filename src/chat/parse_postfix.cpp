// What may follow an operand: attributes, subscripts, calls, filters and tests.
#include "chat/parser.h"

namespace riposte::chat {

const Expr* ExpressionParser::parse_postfix(const Expr* expr, NestingGuard& guard) {
  Arena& arena = tokens_.arena();
  while (true) {
    const Place place = tokens_.current().place;
    if (tokens_.skip_operator(".")) {
      const Token& token = tokens_.current();
      if (token.kind == TokenKind::kInteger) {
        expr = arena.make<ItemExpr>(Expr{ExprKind::kItem, place}, expr, parse_number(tokens_.next()));
      } else {
        expr = arena.make<AttributeExpr>(Expr{ExprKind::kAttribute, place}, expr,
                                         tokens_.own_text(tokens_.expect_name().text));
      }
    } else if (tokens_.skip_operator("[")) {
      expr = parse_subscript(expr);
    } else if (tokens_.at_operator("(")) {
      expr = arena.make<CallExpr>(Expr{ExprKind::kCall, place}, expr, parse_arguments());
    } else {
      return expr;
    }
    guard.deepen();
  }
}

const Expr* ExpressionParser::parse_filters(const Expr* expr, NestingGuard& guard) {
  while (true) {
    if (tokens_.skip_operator("|")) {
      expr = parse_filter(expr);
    } else if (tokens_.skip_name("is")) {
      expr = parse_test(expr);
    } else if (tokens_.at_operator("(")) {
      const Place place = tokens_.current().place;
      expr = tokens_.arena().make<CallExpr>(Expr{ExprKind::kCall, place}, expr, parse_arguments());
    } else {
      return expr;
    }
    guard.deepen();
  }
}

const FilterExpr* ExpressionParser::parse_filter(const Expr* input) {
  const Token& name = tokens_.expect_name();
  const Filter* filter = find_filter(name.text);
  if (!filter && branch_depth == 0) {
    tokens_.fail(ErrorCode::kUnsupported, name.place,
                 fmt::format("the filter '{}' is not supported", name.text));
  }
  const CallArguments arguments = tokens_.at_operator("(") ? parse_arguments() : CallArguments{};
  return tokens_.arena().make<FilterExpr>(Expr{ExprKind::kFilter, name.place}, input, filter, name.text,
                                          arguments);
}

const Expr* ExpressionParser::parse_test(const Expr* input) {
  const bool negated = tokens_.skip_name("not");
  const Token& name = tokens_.expect_name();
  const Test* test = find_test(name.text);
  if (!test && branch_depth == 0) {
    tokens_.fail(ErrorCode::kUnsupported, name.place,
                 fmt::format("the test '{}' is not supported", name.text));
  }
  CallArguments arguments;
  const Token& token = tokens_.current();
  const bool operand = token.kind == TokenKind::kString || token.kind == TokenKind::kInteger ||
                       token.kind == TokenKind::kFloat || tokens_.at_operator("[") ||
                       tokens_.at_operator("{") ||
                       (token.kind == TokenKind::kName && !tokens_.at_name("else") &&
                        !tokens_.at_name("or") && !tokens_.at_name("and"));
  if (tokens_.at_operator("(")) {
    arguments = parse_arguments();
  } else if (operand) {
    if (tokens_.at_name("is"))
      tokens_.fail(ErrorCode::kCorrupt, token.place, "tests cannot be chained with 'is'");
    NestingGuard guard(tokens_, nesting);
    const std::vector<const Expr*> one = {parse_postfix(parse_primary(), guard)};
    arguments.positional = tokens_.arena().copy(one);
  }
  const Expr* expr =
      tokens_.arena().make<TestExpr>(Expr{ExprKind::kTest, name.place}, input, test, name.text, arguments);
  return negated ? tokens_.arena().make<UnaryExpr>(Expr{ExprKind::kNot, name.place}, expr) : expr;
}

// After the '['.
const Expr* ExpressionParser::parse_subscript(const Expr* object) {
  Arena& arena = tokens_.arena();
  const Place place = tokens_.current().place;
  const auto part = [&]() -> const Expr* {
    return tokens_.at_operator(":") || tokens_.at_operator("]") ? nullptr : parse_expression();
  };
  const Expr* start = part();
  if (!tokens_.skip_operator(":")) {
    if (!start) tokens_.fail_unexpected("an index");
    if (tokens_.at_operator(",")) {
      tokens_.fail(ErrorCode::kUnsupported, tokens_.current().place,
                   "an index of several values is not supported");
    }
    tokens_.expect_operator("]");
    return arena.make<ItemExpr>(Expr{ExprKind::kItem, place}, object, start);
  }
  const Expr* stop = part();
  const Expr* step = tokens_.skip_operator(":") ? part() : nullptr;
  tokens_.expect_operator("]");
  return arena.make<SliceExpr>(Expr{ExprKind::kSlice, place}, object, start, stop, step);
}

CallArguments ExpressionParser::parse_arguments() {
  tokens_.expect_operator("(");
  CallArguments arguments;
  std::vector<const Expr*> positional;
  std::vector<std::pair<std::string_view, const Expr*>> named;
  bool first = true;
  while (!tokens_.at_operator(")")) {
    if (!first) tokens_.expect_operator(",");
    if (tokens_.at_operator(")")) break;
    first = false;
    const Place place = tokens_.current().place;
    bool in_order = !arguments.more_named;
    if (tokens_.skip_operator("*")) {
      in_order &= !arguments.more_positional;
      arguments.more_positional = parse_expression();
    } else if (tokens_.skip_operator("**")) {
      arguments.more_named = parse_expression();
    } else if (tokens_.current().kind == TokenKind::kName &&
               TokenStream::is(tokens_.after(), TokenKind::kOperator, "=")) {
      const std::string_view name = tokens_.next().text;
      tokens_.next();
      named.emplace_back(name, parse_expression());
    } else {
      in_order &= !arguments.more_positional && named.empty();
      positional.push_back(parse_expression());
    }
    if (!in_order)
      tokens_.fail(ErrorCode::kCorrupt, place, "this argument may not stand after those before it");
  }
  tokens_.expect_operator(")");
  arguments.positional = tokens_.arena().copy(positional);
  arguments.named = tokens_.arena().copy(named);
  return arguments;
}

}  // namespace riposte::chat
