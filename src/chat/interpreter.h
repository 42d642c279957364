// Runs a program: a walk over its tree, with every step, level and byte counted.
#pragma once

#include "chat/ast.h"
#include "chat/context.h"
#include "chat/scope.h"
#include "chat/text.h"

namespace riposte::chat {

class Interpreter {
 public:
  Interpreter(const Template::Program& program, Context& context) : program_(program), context_(context) {}

  // Raises Failure; place() then says where.
  void run(Frame& globals, TextBuilder& out);
  Place place() const { return place_; }

 private:
  enum class Flow { kNormal, kBreak, kContinue };

  // execute.cpp
  Flow execute(Body body, Frame& frame, TextBuilder& out);
  Flow execute(const Stmt& stmt, Frame& frame, TextBuilder& out);
  Flow execute_if(const IfStmt& stmt, Frame& frame, TextBuilder& out);
  Flow execute_with(const WithStmt& stmt, Frame& frame, TextBuilder& out);
  Flow execute_filter_block(const FilterBlockStmt& stmt, Frame& frame, TextBuilder& out);
  void execute_set_block(const SetBlockStmt& stmt, Frame& frame);
  void execute_for(const ForStmt& stmt, Frame& frame, TextBuilder& out);
  void run_loop(const ForStmt& stmt, const Value& iterable, size_t depth, Frame& frame, TextBuilder& out);
  std::span<const Value> filter_items(const ForStmt& stmt, std::span<const Value> items, Frame& frame);
  void assign(const Target& target, const Value& value, Frame& frame);
  Value apply_steps(std::span<const FilterStep> steps, Value value, Frame& frame);

  // call.cpp
  Value call(const Value& callee, const Arguments& arguments, const Value* caller);
  Value call_macro(const Closure& closure, const Arguments& arguments, const Value* caller);
  void bind_parameters(const MacroStmt& macro, const Arguments& arguments, Frame& frame);
  Value call_loop(const LoopState& loop, const Arguments& arguments);
  Value evaluate_call(const CallExpr& expr, Frame& frame, const Value* caller);
  void execute_call_block(const CallBlockStmt& stmt, Frame& frame, TextBuilder& out);
  Arguments evaluate_arguments(const CallArguments& arguments, Frame& frame);

  // evaluate.cpp
  Value evaluate(const Expr& expr, Frame& frame);
  Value evaluate_nested(const Expr& expr, Frame& frame);
  Value evaluate_name(const NameExpr& expr, Frame& frame);
  Value evaluate_slice(const SliceExpr& expr, Frame& frame);
  Value evaluate_arithmetic(const ChainExpr& expr, Frame& frame);
  Value evaluate_concat(const ListExpr& expr, Frame& frame);
  Value evaluate_compare(const ChainExpr& expr, Frame& frame);
  Value evaluate_logic(const ListExpr& expr, Frame& frame);
  Value evaluate_conditional(const ConditionalExpr& expr, Frame& frame);
  Value evaluate_list(const ListExpr& expr, Frame& frame);
  Value evaluate_dict(const DictExpr& expr, Frame& frame);
  Value evaluate_test(const TestExpr& expr, Frame& frame);
  Value apply_filter(const FilterExpr& expr, const Value& input, Frame& frame);
  bool compare_values(Operator op, const Value& a, const Value& b);
  Value apply_operator(Operator op, const Value& a, const Value& b);

  Frame& new_frame(Frame& parent) { return *context_.arena.make<Frame>(&parent); }

  const Template::Program& program_;
  Context& context_;
  Place place_;
};

}  // namespace riposte::chat
