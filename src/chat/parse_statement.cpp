#include "chat/parser.h"

namespace riposte::chat {

void TokenStream::fail(ErrorCode code, Place place, std::string message) const {
  throw SyntaxFailure{code, place, std::move(message)};
}

void TokenStream::fail_unexpected(std::string_view expected) const {
  const Token& token = current();
  std::string found = fmt::format("'{}'", token.text.substr(0, 40));
  if (token.kind == TokenKind::kEnd) found = "the end of the template";
  if (token.kind == TokenKind::kBlockEnd) found = "'%}'";
  if (token.kind == TokenKind::kVariableEnd) found = "'}}'";
  fail(ErrorCode::kCorrupt, token.place, fmt::format("expected {}, found {}", expected, found));
}

const Token& TokenStream::expect_name() {
  if (current().kind != TokenKind::kName) fail_unexpected("a name");
  return next();
}

void TokenStream::expect_operator(std::string_view op) {
  if (!skip_operator(op)) fail_unexpected(fmt::format("'{}'", op));
}

void TokenStream::expect(TokenKind kind, std::string_view what) {
  if (current().kind != kind) fail_unexpected(what);
  next();
}

namespace {

constexpr std::string_view kReserved[] = {"true", "false", "none", "True", "False", "None"};

class StatementParser {
 public:
  StatementParser(const std::vector<Token>& tokens, Template::Program& program)
      : program_(program), tokens_(tokens, program.arena), expressions_(tokens_, program) {}

  Body parse_program() {
    const Body body = parse_until({});
    if (tokens_.current().kind != TokenKind::kEnd) tokens_.fail_unexpected("the end of the template");
    return body;
  }

 private:
  using EndNames = std::initializer_list<std::string_view>;

  Arena& arena() { return tokens_.arena(); }

  // Statements up to "{% NAME" of one of the end names; that name is then the current token.
  Body parse_until(EndNames ends) {
    const NestingGuard guard(tokens_, expressions_.nesting);
    std::vector<const Stmt*> body;
    while (tokens_.current().kind != TokenKind::kEnd) {
      const Token& token = tokens_.next();
      if (token.kind == TokenKind::kData) {
        body.push_back(arena().make<TextStmt>(Stmt{StmtKind::kText, token.place}, token.text));
      } else if (token.kind == TokenKind::kVariableBegin) {
        const Expr* expr = expressions_.parse_tuple(true);
        tokens_.expect(TokenKind::kVariableEnd, "'}}'");
        body.push_back(arena().make<OutputStmt>(Stmt{StmtKind::kOutput, token.place}, expr));
      } else {
        for (const std::string_view end : ends) {
          if (tokens_.at_name(end)) return arena().copy(body);
        }
        parse_statement(token.place, body);
      }
    }
    if (ends.size() > 0) tokens_.fail_unexpected(fmt::format("'{{% {} %}}'", *(ends.end() - 1)));
    return arena().copy(body);
  }

  // The body of a block: from the '%}' of its first tag to after the '%}' of its last.
  Body parse_block(std::string_view end) {
    tokens_.expect(TokenKind::kBlockEnd, "'%}'");
    const Body body = parse_until({end});
    tokens_.next();
    tokens_.expect(TokenKind::kBlockEnd, "'%}'");
    return body;
  }

  void parse_statement(Place place, std::vector<const Stmt*>& body) {
    const std::string_view name = tokens_.expect_name().text;
    if (name == "if") return body.push_back(parse_if(place));
    if (name == "for") return body.push_back(parse_for(place));
    if (name == "set") return body.push_back(parse_set(place));
    if (name == "macro") return body.push_back(parse_macro(place));
    if (name == "call") return body.push_back(parse_call(place));
    if (name == "filter") return body.push_back(parse_filter_block(place));
    if (name == "with") return body.push_back(parse_with(place));
    if (name == "break" || name == "continue")
      return body.push_back(parse_loop_control(place, name == "break"));
    if (name == "generation") {  // marks the assistant's part for training; renders as its content
      const Body inner = parse_block("endgeneration");
      body.insert(body.end(), inner.begin(), inner.end());
      return;
    }
    if (name.starts_with("end") || name == "else" || name == "elif") {
      tokens_.fail(ErrorCode::kCorrupt, place,
                   fmt::format("'{}' does not belong to an open block here", name));
    }
    tokens_.fail(ErrorCode::kUnsupported, place, fmt::format("the tag '{}' is not supported", name));
  }

  const Stmt* parse_if(Place place) {
    std::vector<Branch> branches;
    Body otherwise;
    ++expressions_.branch_depth;
    while (true) {
      const Expr* condition = expressions_.parse_tuple(false);
      tokens_.expect(TokenKind::kBlockEnd, "'%}'");
      branches.push_back({condition, parse_until({"elif", "else", "endif"})});
      if (tokens_.skip_name("elif")) continue;
      if (tokens_.next().text == "else") {
        otherwise = parse_block("endif");
      } else {
        tokens_.expect(TokenKind::kBlockEnd, "'%}'");
      }
      break;
    }
    --expressions_.branch_depth;
    return arena().make<IfStmt>(Stmt{StmtKind::kIf, place}, arena().copy(branches), otherwise);
  }

  const Stmt* parse_for(Place place) {
    ForStmt loop{{StmtKind::kFor, place}, parse_target(false), nullptr, nullptr, false, {}, {}};
    if (!tokens_.skip_name("in")) tokens_.fail_unexpected("'in'");
    loop.iterable = expressions_.parse_tuple(false);
    if (tokens_.skip_name("if")) loop.filter = expressions_.parse_expression();
    loop.recursive = tokens_.skip_name("recursive");
    tokens_.expect(TokenKind::kBlockEnd, "'%}'");
    ++loop_depth_;
    loop.body = parse_until({"else", "endfor"});
    --loop_depth_;
    if (tokens_.next().text == "else") {
      loop.otherwise = parse_block("endfor");
    } else {
      tokens_.expect(TokenKind::kBlockEnd, "'%}'");
    }
    return arena().make<ForStmt>(loop);
  }

  const Stmt* parse_set(Place place) {
    const Target* target = parse_target(true);
    if (tokens_.skip_operator("=")) {
      const Expr* value = expressions_.parse_tuple(true);
      tokens_.expect(TokenKind::kBlockEnd, "'%}'");
      return arena().make<SetStmt>(Stmt{StmtKind::kSet, place}, target, value);
    }
    const auto filters = tokens_.skip_operator("|") ? parse_filter_steps() : std::span<const FilterStep>{};
    return arena().make<SetBlockStmt>(Stmt{StmtKind::kSetBlock, place}, target, filters,
                                      parse_block("endset"));
  }

  const Stmt* parse_filter_block(Place place) {
    const auto filters = parse_filter_steps();
    return arena().make<FilterBlockStmt>(Stmt{StmtKind::kFilterBlock, place}, filters,
                                         parse_block("endfilter"));
  }

  std::span<const FilterStep> parse_filter_steps() {
    std::vector<FilterStep> steps;
    do {
      steps.push_back({expressions_.parse_filter(nullptr)});
    } while (tokens_.skip_operator("|"));
    return arena().copy(steps);
  }

  const Stmt* parse_with(Place place) {
    std::vector<std::pair<const Target*, const Expr*>> values;
    while (tokens_.current().kind != TokenKind::kBlockEnd) {
      if (!values.empty()) tokens_.expect_operator(",");
      const Target* target = parse_single_target(false);
      tokens_.expect_operator("=");
      values.emplace_back(target, expressions_.parse_expression());
    }
    return arena().make<WithStmt>(Stmt{StmtKind::kWith, place}, arena().copy(values), parse_block("endwith"));
  }

  const Stmt* parse_loop_control(Place place, bool is_break) {
    if (loop_depth_ == 0)
      tokens_.fail(ErrorCode::kCorrupt, place, "'break' and 'continue' belong inside a loop");
    tokens_.expect(TokenKind::kBlockEnd, "'%}'");
    return arena().make<Stmt>(is_break ? StmtKind::kBreak : StmtKind::kContinue, place);
  }

  const Stmt* parse_macro(Place place) {
    const Token& name = tokens_.expect_name();
    return parse_macro_body(place, name.text, true, "endmacro");
  }

  // A signature and a body. Loops and special names of the surroundings mean nothing inside.
  const MacroStmt* parse_macro_body(Place place, std::string_view name, bool with_signature,
                                    std::string_view end) {
    MacroStmt macro{{StmtKind::kMacro, place}, program_.names.intern(name), name, {}, {}};
    Signature* const outer = std::exchange(expressions_.macro, &macro.signature);
    const int outer_loops = std::exchange(loop_depth_, 0);
    if (with_signature) parse_signature(macro.signature);
    macro.body = parse_block(end);
    expressions_.macro = outer;
    loop_depth_ = outer_loops;
    return arena().make<MacroStmt>(macro);
  }

  void parse_signature(Signature& signature) {
    tokens_.expect_operator("(");
    std::vector<std::pair<NameId, std::string_view>> parameters;
    std::vector<const Expr*> defaults;
    while (!tokens_.at_operator(")")) {
      if (!parameters.empty()) tokens_.expect_operator(",");
      const Token& name = tokens_.expect_name();
      parameters.emplace_back(program_.names.intern(name.text), name.text);
      if (tokens_.skip_operator("=")) {
        defaults.push_back(expressions_.parse_expression());
      } else if (!defaults.empty()) {
        tokens_.fail(ErrorCode::kCorrupt, name.place,
                     "a parameter without a default follows one with a default");
      }
    }
    tokens_.next();
    signature.parameters = arena().copy(parameters);
    signature.defaults = arena().copy(defaults);
  }

  // {% call(parameters) macro(arguments) %}: the signature belongs to the body, which the macro calls as
  // caller().
  const Stmt* parse_call(Place place) {
    MacroStmt caller{{StmtKind::kMacro, place}, program_.caller, "caller", {}, {}};
    if (tokens_.at_operator("(")) parse_signature(caller.signature);
    const Expr* call = expressions_.parse_expression();
    if (call->kind != ExprKind::kCall)
      tokens_.fail(ErrorCode::kCorrupt, place, "expected a call after 'call'");
    const MacroStmt* body = parse_macro_body(place, "caller", false, "endcall");
    caller.body = body->body;
    return arena().make<CallBlockStmt>(Stmt{StmtKind::kCallBlock, place}, static_cast<const CallExpr*>(call),
                                       arena().make<MacroStmt>(caller));
  }

  const Target* parse_target(bool with_namespace) {
    const Place place = tokens_.current().place;
    std::vector<const Target*> parts = {parse_single_target(with_namespace)};
    if (!tokens_.at_operator(",")) return parts.front();
    while (tokens_.skip_operator(",")) {
      if (tokens_.current().kind != TokenKind::kName && !tokens_.at_operator("("))
        break;  // a comma at the end
      if (tokens_.at_name("in")) break;
      parts.push_back(parse_single_target(with_namespace));
    }
    return make_tuple_target(place, parts);
  }

  const Target* make_tuple_target(Place place, const std::vector<const Target*>& parts) {
    return arena().make<Target>(Target::Kind::kTuple, place, NameId{0}, nullptr, nullptr,
                                arena().copy(parts));
  }

  const Target* parse_single_target(bool with_namespace) {
    const NestingGuard guard(tokens_, expressions_.nesting);
    const Place place = tokens_.current().place;
    if (tokens_.skip_operator("(")) {
      const Target* inner = parse_target(with_namespace);
      tokens_.expect_operator(")");
      return inner;
    }
    const Token& name = tokens_.expect_name();
    for (const std::string_view reserved : kReserved) {
      if (name.text == reserved) {
        tokens_.fail(ErrorCode::kCorrupt, place, fmt::format("'{}' cannot be assigned to", name.text));
      }
    }
    const NameId id = program_.names.intern(name.text);
    const Text* spelling = tokens_.own_text(name.text);
    if (with_namespace && tokens_.skip_operator(".")) {
      const Text* attribute = tokens_.own_text(tokens_.expect_name().text);
      return arena().make<Target>(Target::Kind::kNamespaceAttribute, place, id, spelling, attribute);
    }
    return arena().make<Target>(Target::Kind::kName, place, id, spelling);
  }

  Template::Program& program_;
  TokenStream tokens_;
  ExpressionParser expressions_;
  int loop_depth_ = 0;
};

}  // namespace

void parse_program(Template::Program& program) {
  const std::vector<Token> tokens = tokenize(program.source, program.arena);
  program.body = StatementParser(tokens, program).parse_program();
}

}  // namespace riposte::chat
