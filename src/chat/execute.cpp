#include "chat/interpreter.h"

namespace riposte::chat {

void Interpreter::run(Frame& globals, TextBuilder& out) {
  execute(program_.body, new_frame(globals), out);
}

Interpreter::Flow Interpreter::execute(Body body, Frame& frame, TextBuilder& out) {
  const DepthGuard guard(context_);
  for (const Stmt* stmt : body) {
    context_.charge();
    place_ = stmt->place;
    const Flow flow = execute(*stmt, frame, out);
    if (flow != Flow::kNormal) return flow;
  }
  return Flow::kNormal;
}

Interpreter::Flow Interpreter::execute(const Stmt& stmt, Frame& frame, TextBuilder& out) {
  switch (stmt.kind) {
    case StmtKind::kText:
      out.append_own(static_cast<const TextStmt&>(stmt).text);
      break;
    case StmtKind::kOutput: {
      const Value value = evaluate(*static_cast<const OutputStmt&>(stmt).expr, frame);
      place_ = stmt.place;
      append_text(context_, out, value);
      break;
    }
    case StmtKind::kIf:
      return execute_if(static_cast<const IfStmt&>(stmt), frame, out);
    case StmtKind::kFor:
      execute_for(static_cast<const ForStmt&>(stmt), frame, out);
      break;
    case StmtKind::kSet: {
      const auto& node = static_cast<const SetStmt&>(stmt);
      assign(*node.target, evaluate(*node.value, frame), frame);
      break;
    }
    case StmtKind::kSetBlock:
      execute_set_block(static_cast<const SetBlockStmt&>(stmt), frame);
      break;
    case StmtKind::kMacro: {
      const auto& node = static_cast<const MacroStmt&>(stmt);
      frame.set(context_, node.name, Value::macro(context_.arena.make<Closure>(&node, &frame)));
      break;
    }
    case StmtKind::kCallBlock:
      execute_call_block(static_cast<const CallBlockStmt&>(stmt), frame, out);
      break;
    case StmtKind::kFilterBlock:
      return execute_filter_block(static_cast<const FilterBlockStmt&>(stmt), frame, out);
    case StmtKind::kWith:
      return execute_with(static_cast<const WithStmt&>(stmt), frame, out);
    case StmtKind::kBreak:
      return Flow::kBreak;
    case StmtKind::kContinue:
      return Flow::kContinue;
  }
  return Flow::kNormal;
}

// Branches share the frame around them: what they set stays.
Interpreter::Flow Interpreter::execute_if(const IfStmt& stmt, Frame& frame, TextBuilder& out) {
  for (const Branch& branch : stmt.branches) {
    if (is_true(evaluate(*branch.condition, frame))) return execute(branch.body, frame, out);
  }
  return execute(stmt.otherwise, frame, out);
}

Interpreter::Flow Interpreter::execute_with(const WithStmt& stmt, Frame& frame, TextBuilder& out) {
  Frame& inner = new_frame(frame);
  for (const auto& [target, expr] : stmt.values) assign(*target, evaluate(*expr, frame), inner);
  return execute(stmt.body, inner, out);
}

Value Interpreter::apply_steps(std::span<const FilterStep> steps, Value value, Frame& frame) {
  for (const FilterStep& step : steps) value = apply_filter(*step.filter, value, frame);
  return value;
}

Interpreter::Flow Interpreter::execute_filter_block(const FilterBlockStmt& stmt, Frame& frame,
                                                    TextBuilder& out) {
  TextBuilder captured(context_);
  const Flow flow = execute(stmt.body, new_frame(frame), captured);
  append_text(context_, out, apply_steps(stmt.filters, make_string(context_, captured.finish()), frame));
  return flow;
}

void Interpreter::execute_set_block(const SetBlockStmt& stmt, Frame& frame) {
  TextBuilder captured(context_);
  execute(stmt.body, new_frame(frame), captured);
  assign(*stmt.target, apply_steps(stmt.filters, make_string(context_, captured.finish()), frame), frame);
}

void Interpreter::execute_for(const ForStmt& stmt, Frame& frame, TextBuilder& out) {
  run_loop(stmt, evaluate(*stmt.iterable, frame), 0, frame, out);
}

void Interpreter::run_loop(const ForStmt& stmt, const Value& iterable, size_t depth, Frame& frame,
                           TextBuilder& out) {
  place_ = stmt.place;
  std::span<const Value> items = iterate(context_, iterable);
  if (stmt.filter) items = filter_items(stmt, items, frame);
  if (items.empty()) {
    execute(stmt.otherwise, new_frame(frame), out);
    return;
  }
  LoopState& loop = *context_.arena.make<LoopState>(&stmt, &frame, items, size_t{0}, depth);
  for (; loop.index < items.size(); ++loop.index) {
    Frame& inner = new_frame(frame);
    inner.set(context_, program_.loop, Value::loop(&loop));
    assign(*stmt.target, items[loop.index], inner);
    if (execute(stmt.body, inner, out) == Flow::kBreak) break;
  }
}

std::span<const Value> Interpreter::filter_items(const ForStmt& stmt, std::span<const Value> items,
                                                 Frame& frame) {
  ArenaVector<Value> kept;
  for (const Value& item : items) {
    Frame& inner = new_frame(frame);
    assign(*stmt.target, item, inner);
    if (is_true(evaluate(*stmt.filter, inner))) kept.push_back(context_.arena, item);
  }
  return kept.view();
}

void Interpreter::assign(const Target& target, const Value& value, Frame& frame) {
  place_ = target.place;
  switch (target.kind) {
    case Target::Kind::kName:
      frame.set(context_, target.name, value);
      break;
    case Target::Kind::kNamespaceAttribute: {
      const Value* object = frame.find(context_, target.name);
      if (!object || !object->is(Kind::kNamespace)) {
        raise_invalid("'{}' is not a namespace, so it cannot be given '{}'", target.spelling->bytes,
                      target.attribute->bytes);
      }
      chat::assign(context_, object->as_namespace().entries, Value::string(target.attribute), value);
      break;
    }
    case Target::Kind::kTuple: {
      const std::span<const Value> items = iterate(context_, value);
      if (items.size() != target.parts.size()) {
        raise_invalid("expected {} values to unpack, found {}", target.parts.size(), items.size());
      }
      for (size_t i = 0; i < items.size(); ++i) assign(*target.parts[i], items[i], frame);
      break;
    }
  }
}

}  // namespace riposte::chat
