// Calls: of macros, of functions and methods, of a recursive loop.
#include "chat/interpreter.h"

namespace riposte::chat {

Arguments Interpreter::evaluate_arguments(const CallArguments& arguments, Frame& frame) {
  if (arguments.positional.empty() && arguments.named.empty() && !arguments.more_positional &&
      !arguments.more_named) {
    return {};
  }
  ArenaVector<Value> positional;
  for (const Expr* expr : arguments.positional) positional.push_back(context_.arena, evaluate(*expr, frame));
  ArenaVector<std::pair<std::string_view, Value>> named;
  for (const auto& [name, expr] : arguments.named)
    named.push_back(context_.arena, {name, evaluate(*expr, frame)});
  if (arguments.more_positional) {
    for (const Value& value : iterate(context_, evaluate(*arguments.more_positional, frame))) {
      context_.charge();
      positional.push_back(context_.arena, value);
    }
  }
  if (arguments.more_named) {
    const Value more = evaluate(*arguments.more_named, frame);
    if (!more.is(Kind::kDict)) raise_invalid("'**' needs a dict, not a {}", type_name(more));
    for (const auto& [key, value] : more.entries()) {
      if (!key.is_string()) raise_invalid("'**' needs strings for keys, not a {}", type_name(key));
      context_.charge();
      named.push_back(context_.arena, {key.bytes(), value});
    }
  }
  return {positional.view(), named.view()};
}

Value Interpreter::evaluate_call(const CallExpr& expr, Frame& frame, const Value* caller) {
  const Value callee = evaluate(*expr.callee, frame);
  const Arguments arguments = evaluate_arguments(expr.arguments, frame);
  place_ = expr.place;
  return call(callee, arguments, caller);
}

Value Interpreter::call(const Value& callee, const Arguments& arguments, const Value* caller) {
  if (caller && !callee.is(Kind::kMacro)) raise_invalid("'call' needs a macro, not a {}", type_name(callee));
  switch (callee.kind()) {
    case Kind::kMacro:
      return call_macro(callee.as_macro(), arguments, caller);
    case Kind::kFunction:
      return callee.as_function()(context_, arguments);
    case Kind::kMethod:
      return callee.as_method().method(context_, callee.as_method().self, arguments);
    case Kind::kLoop:
      return call_loop(callee.as_loop(), arguments);
    case Kind::kUndefined: {
      const Text* name = callee.undefined_name();
      raise_invalid("'{}' is undefined, so it cannot be called", name ? name->bytes : "the value");
    }
    default:
      raise_invalid("a {} cannot be called", type_name(callee));
  }
}

Value Interpreter::call_macro(const Closure& closure, const Arguments& arguments, const Value* caller) {
  const DepthGuard guard(context_);
  const MacroStmt& macro = *closure.macro;
  Frame& frame = new_frame(*closure.scope);
  if (caller) {
    if (!macro.signature.takes_caller) raise_invalid("the macro '{}' has no caller()", macro.spelling);
    frame.set(context_, program_.caller, *caller);
  }
  bind_parameters(macro, arguments, frame);
  TextBuilder out(context_);
  execute(macro.body, frame, out);
  return make_string(context_, out.finish());
}

void Interpreter::bind_parameters(const MacroStmt& macro, const Arguments& arguments, Frame& frame) {
  const Signature& signature = macro.signature;
  const auto parameters = signature.parameters;
  const auto has = [&](size_t i) {
    return i < arguments.positional.size() ||
           std::any_of(arguments.named.begin(), arguments.named.end(),
                       [&](const auto& argument) { return argument.first == parameters[i].second; });
  };
  for (size_t i = 0; i < std::min(parameters.size(), arguments.positional.size()); ++i) {
    frame.set(context_, parameters[i].first, arguments.positional[i]);
  }
  ArenaVector<Entry> more_named;
  for (const auto& [name, value] : arguments.named) {
    context_.charge(parameters.size() / 8);
    size_t i = 0;
    while (i < parameters.size() && parameters[i].second != name) ++i;
    if (i < std::min(parameters.size(), arguments.positional.size())) {
      raise_invalid("the macro '{}' is given '{}' twice", macro.spelling, name);
    } else if (i < parameters.size()) {
      frame.set(context_, parameters[i].first, value);
    } else if (signature.takes_more_named) {
      chat::assign(context_, more_named, make_own(context_, name), value);
    } else {
      raise_invalid("the macro '{}' has no parameter '{}'", macro.spelling, name);
    }
  }
  std::span<const Value> more =
      arguments.positional.subspan(std::min(parameters.size(), arguments.positional.size()));
  if (!more.empty() && !signature.takes_more_positional) {
    raise_invalid("the macro '{}' takes at most {} arguments, not {}", macro.spelling, parameters.size(),
                  arguments.positional.size());
  }
  const Place at = place_;
  const size_t without_default = parameters.size() - signature.defaults.size();
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (has(i)) continue;
    const Text* spelling = context_.arena.make<Text>(Text::own(parameters[i].second));
    frame.set(context_, parameters[i].first,
              i < without_default ? Value::undefined(spelling)
                                  : evaluate(*signature.defaults[i - without_default], frame));
  }
  place_ = at;
  if (signature.takes_more_positional) {
    frame.set(context_, program_.varargs, Value::tuple(context_.arena, more));
  }
  if (signature.takes_more_named) {
    frame.set(context_, program_.kwargs, Value::dict(context_.arena, more_named.view()));
  }
}

// loop(items) inside a `recursive` loop: the same loop over other items, as a string.
Value Interpreter::call_loop(const LoopState& loop, const Arguments& arguments) {
  const DepthGuard guard(context_);
  if (!loop.statement->recursive) raise_invalid("the loop is not marked 'recursive', so it cannot be called");
  if (arguments.positional.size() != 1 || !arguments.named.empty()) raise_invalid("loop() takes one list");
  TextBuilder out(context_);
  run_loop(*loop.statement, arguments.positional[0], loop.depth + 1, *loop.scope, out);
  return make_string(context_, out.finish());
}

void Interpreter::execute_call_block(const CallBlockStmt& stmt, Frame& frame, TextBuilder& out) {
  const Value caller = Value::macro(context_.arena.make<Closure>(stmt.caller, &frame));
  const Value result = evaluate_call(*stmt.call, frame, &caller);
  append_text(context_, out, result);
}

}  // namespace riposte::chat
