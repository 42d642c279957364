// A parsed template. Nodes are plain data in the program's arena; the interpreter switches on their kind.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "chat/filters.h"
#include "chat/lexer.h"
#include "chat/tests.h"
#include "chat/value.h"

namespace riposte::chat {

using NameId = uint32_t;  // a variable's name, numbered by the parser

enum class ExprKind : uint8_t {
  kConstant,
  kName,
  kAttribute,
  kItem,
  kSlice,
  kCall,
  kFilter,
  kTest,
  kNot,
  kNegate,
  kPlus,
  kArithmetic,
  kConcat,
  kCompare,
  kAnd,
  kOr,
  kConditional,
  kList,
  kTuple,
  kDict,
};

enum class Operator : uint8_t {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kFloorDivide,
  kModulo,
  kPower,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kIn,
  kNotIn,
};

struct Expr {
  ExprKind kind;
  Place place;
};

struct OperandExpr {  // the operator and what stands on its right
  Operator op;
  Place place;
  const Expr* expr;
};

struct ConstantExpr : Expr {
  Value value;
};
struct NameExpr : Expr {
  NameId name;
  const Text* spelling;
};
struct AttributeExpr : Expr {
  const Expr* object;
  const Text* name;
};
struct ItemExpr : Expr {
  const Expr* object;
  const Expr* index;
};
struct SliceExpr : Expr {
  const Expr *object, *start, *stop, *step;
};  // the last three may be null
struct UnaryExpr : Expr {
  const Expr* operand;
};  // not, -, +
// Operators of one precedence, from left to right: a + b - c, and a < b <= c. One node, so that a long sum is
// not deep.
struct ChainExpr : Expr {
  const Expr* first;
  std::span<const OperandExpr> rest;
};
struct ListExpr : Expr {
  std::span<const Expr* const> items;
};  // lists, tuples, ~, and, or
struct DictExpr : Expr {
  std::span<const std::pair<const Expr*, const Expr*>> entries;
};
struct ConditionalExpr : Expr {
  const Expr *condition, *then, *otherwise;
};  // otherwise may be null

struct CallArguments {
  std::span<const Expr* const> positional;
  std::span<const std::pair<std::string_view, const Expr*>> named;
  const Expr* more_positional = nullptr;  // *list
  const Expr* more_named = nullptr;       // **dict
};

struct CallExpr : Expr {
  const Expr* callee;
  CallArguments arguments;
};
// A filter or test is null where its name is unknown and it stands in a branch: then it fails only if it is
// reached.
struct FilterExpr : Expr {
  const Expr* input;
  const Filter* filter;
  std::string_view name;
  CallArguments arguments;
};
struct TestExpr : Expr {
  const Expr* input;
  const Test* test;
  std::string_view name;
  CallArguments arguments;
};

enum class StmtKind : uint8_t {
  kText,
  kOutput,
  kIf,
  kFor,
  kSet,
  kSetBlock,
  kMacro,
  kCallBlock,
  kFilterBlock,
  kWith,
  kBreak,
  kContinue,
};

struct Stmt {
  StmtKind kind;
  Place place;
};
using Body = std::span<const Stmt* const>;

// Where a value goes: a name, an attribute of a namespace, or several targets that it is unpacked into.
struct Target {
  enum class Kind : uint8_t { kName, kNamespaceAttribute, kTuple } kind;
  Place place;
  NameId name = 0;
  const Text* spelling = nullptr;
  const Text* attribute = nullptr;
  std::span<const Target* const> parts = {};
};

struct Branch {
  const Expr* condition;
  Body body;
};
struct Signature {
  std::span<const std::pair<NameId, std::string_view>> parameters;
  std::span<const Expr* const> defaults;  // of the last parameters
  bool takes_more_positional = false;     // the body reads `varargs`
  bool takes_more_named = false;          // the body reads `kwargs`
  bool takes_caller = false;              // the body reads `caller`
};
struct TextStmt : Stmt {
  std::string_view text;
};
struct OutputStmt : Stmt {
  const Expr* expr;
};
struct IfStmt : Stmt {
  std::span<const Branch> branches;
  Body otherwise;
};
struct ForStmt : Stmt {
  const Target* target;
  const Expr *iterable, *filter;  // filter may be null
  bool recursive;
  Body body, otherwise;
};
struct SetStmt : Stmt {
  const Target* target;
  const Expr* value;
};
struct MacroStmt : Stmt {
  NameId name;
  std::string_view spelling;
  Signature signature;
  Body body;
};
struct CallBlockStmt : Stmt {
  const CallExpr* call;
  const MacroStmt* caller;
};
// {% filter %}, {% set x | f %}: the captured body is the value of `input`, a ConstantExpr that stands for
// it.
struct FilterStep {
  const FilterExpr* filter;
};
struct SetBlockStmt : Stmt {
  const Target* target;
  std::span<const FilterStep> filters;
  Body body;
};
struct FilterBlockStmt : Stmt {
  std::span<const FilterStep> filters;
  Body body;
};
struct WithStmt : Stmt {
  std::span<const std::pair<const Target*, const Expr*>> values;
  Body body;
};

// The names of the program, numbered in the order of their appearance.
class Names {
 public:
  NameId intern(std::string_view name) {
    return ids_.try_emplace(std::string(name), static_cast<NameId>(ids_.size())).first->second;
  }
  size_t size() const { return ids_.size(); }
  // False where the template never mentions the name.
  bool find(std::string_view name, NameId& id) const {
    const auto found = ids_.find(std::string(name));
    if (found == ids_.end()) return false;
    id = found->second;
    return true;
  }

 private:
  std::unordered_map<std::string, NameId> ids_;
};

struct Template::Program {
  Program();

  std::string source;  // newlines normalised; nodes refer to it
  Arena arena;
  Names names;
  Body body;
  NameId varargs, kwargs, caller, loop;
  std::vector<std::pair<NameId, Value>> functions;  // range, namespace, ...: those that the template mentions
};

}  // namespace riposte::chat
