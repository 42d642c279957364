// Tokens to the nodes of ast.h. Throws SyntaxFailure.
#pragma once

#include <vector>

#include "chat/ast.h"
#include "chat/lexer.h"

namespace riposte::chat {

// Nesting of expressions and blocks in one template; the parser recurses no deeper.
inline constexpr int kMaxNesting = 200;

// A cursor over the tokens, with what both halves of the parser share.
class TokenStream {
 public:
  TokenStream(const std::vector<Token>& tokens, Arena& arena) : tokens_(tokens), arena_(arena) {}

  const Token& current() const { return tokens_[at_]; }
  const Token& after() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  const Token& next() { return at_ + 1 < tokens_.size() ? tokens_[at_++] : tokens_[at_]; }

  bool at_name(std::string_view name) const { return is(current(), TokenKind::kName, name); }
  bool at_operator(std::string_view op) const { return is(current(), TokenKind::kOperator, op); }
  bool skip_name(std::string_view name) { return at_name(name) && (next(), true); }
  bool skip_operator(std::string_view op) { return at_operator(op) && (next(), true); }
  const Token& expect_name();
  void expect_operator(std::string_view op);
  void expect(TokenKind kind, std::string_view what);

  [[noreturn]] void fail(ErrorCode code, Place place, std::string message) const;
  [[noreturn]] void fail_unexpected(std::string_view expected) const;

  static bool is(const Token& token, TokenKind kind, std::string_view text) {
    return token.kind == kind && token.text == text;
  }
  Arena& arena() { return arena_; }
  const Text* own_text(std::string_view bytes) { return arena_.make<Text>(Text::own(bytes)); }

 private:
  const std::vector<Token>& tokens_;
  Arena& arena_;
  size_t at_ = 0;
};

// How deep the parser stands. A postfix chain (a.b.c) counts by its length, since evaluating it is as deep.
class NestingGuard {
 public:
  NestingGuard(const TokenStream& tokens, int& nesting)
      : tokens_(tokens), nesting_(nesting), before_(nesting) {
    deepen();
  }
  ~NestingGuard() { nesting_ = before_; }
  NestingGuard(const NestingGuard&) = delete;
  NestingGuard& operator=(const NestingGuard&) = delete;

  void deepen() {
    if (++nesting_ > kMaxNesting) {
      tokens_.fail(ErrorCode::kTooLarge, tokens_.current().place,
                   fmt::format("nested deeper than {} levels", kMaxNesting));
    }
  }

 private:
  const TokenStream& tokens_;
  int& nesting_;
  int before_;
};

class ExpressionParser {
 public:
  ExpressionParser(TokenStream& tokens, Template::Program& program) : tokens_(tokens), program_(program) {}

  const Expr* parse_expression() { return parse_conditional(); }
  // One expression, or a tuple of several without parentheses. `conditional` allows `a if b else c`.
  const Expr* parse_tuple(bool conditional, bool parentheses = false);
  const Expr* parse_or();
  CallArguments parse_arguments();
  // "name(arguments)" after a '|'.
  const FilterExpr* parse_filter(const Expr* input);

  // Inside a branch an unknown filter or test is an error only when it is reached, as in Jinja.
  int branch_depth = 0;
  int nesting = 0;
  Signature* macro = nullptr;  // the macro around, to note which special names its body reads

 private:
  const Expr* parse_conditional();
  const Expr* parse_and();
  const Expr* parse_not();
  const Expr* parse_compare();
  const Expr* parse_sum();
  const Expr* parse_concat();
  const Expr* parse_product();
  const Expr* parse_power();
  const Expr* parse_unary(bool with_filters);
  const Expr* parse_primary();
  const Expr* parse_postfix(const Expr* expr, NestingGuard& guard);
  const Expr* parse_filters(const Expr* expr, NestingGuard& guard);
  const Expr* parse_test(const Expr* input);
  const Expr* parse_subscript(const Expr* object);
  const Expr* parse_list();
  const Expr* parse_dict();
  const Expr* parse_name(const Token& token);
  const Expr* parse_number(const Token& token);
  const Expr* parse_strings();

  TokenStream& tokens_;
  Template::Program& program_;
};

// Fills in program.body from program.source.
void parse_program(Template::Program& program);

}  // namespace riposte::chat
