// The values of a template, with Python's types and rules. They live in an arena, are immutable (a namespace
// apart) and are copied freely: a Value is a tag and a word.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "chat/arena.h"
#include "chat/context.h"
#include "chat/text.h"

namespace riposte::chat {

struct Closure;    // a macro and the scope that it was defined in (interpreter.h)
struct LoopState;  // the `loop` variable (interpreter.h)
struct BoundMethod;
struct Arguments;
struct List;
struct Dict;
struct Namespace;
class Value;

enum class Kind : uint8_t {
  kUndefined,
  kNone,
  kBool,
  kInt,
  kBigInt,  // an integer of the input in 2^63 .. 2^64-1: shown and compared, not calculated with
  kFloat,
  kString,
  kList,
  kTuple,
  kDict,
  kNamespace,
  kFunction,
  kMethod,
  kMacro,
  kLoop,
};

using Function = Value (*)(Context&, const Arguments&);
using Method = Value (*)(Context&, const Value& self, const Arguments&);

class Value {
 public:
  Value() : kind_(Kind::kUndefined), text_(nullptr) {}
  static Value undefined(const Text* name) { return Value(Kind::kUndefined, name); }
  static Value none() { return Value(Kind::kNone, nullptr); }
  static Value boolean(bool value) {
    Value result;
    result.kind_ = Kind::kBool;
    result.integer_ = value;
    return result;
  }
  static Value integer(int64_t value) {
    Value result;
    result.kind_ = Kind::kInt;
    result.integer_ = value;
    return result;
  }
  static Value big_integer(uint64_t value) {
    Value result;
    result.kind_ = Kind::kBigInt;
    result.big_ = value;
    return result;
  }
  static Value real(double value) {
    Value result;
    result.kind_ = Kind::kFloat;
    result.real_ = value;
    return result;
  }
  static Value string(Arena& arena, const Text& text) { return string(arena.make<Text>(text)); }
  static Value string(const Text* text) { return Value(Kind::kString, text); }
  static Value list(Arena& arena, std::span<const Value> items);
  static Value tuple(Arena& arena, std::span<const Value> items);
  static Value dict(Arena& arena, std::span<const std::pair<Value, Value>> entries);
  static Value function(Function function) {
    Value result;
    result.kind_ = Kind::kFunction;
    result.function_ = function;
    return result;
  }
  static Value method(const BoundMethod* method) { return Value(Kind::kMethod, method); }
  static Value name_space(Namespace* names) { return Value(Kind::kNamespace, names); }
  static Value macro(const Closure* closure) { return Value(Kind::kMacro, closure); }
  static Value loop(LoopState* loop) { return Value(Kind::kLoop, loop); }

  Kind kind() const { return kind_; }
  bool is(Kind kind) const { return kind_ == kind; }
  bool is_undefined() const { return kind_ == Kind::kUndefined; }
  bool is_string() const { return kind_ == Kind::kString; }
  bool is_sequence() const { return kind_ == Kind::kList || kind_ == Kind::kTuple; }
  bool is_integral() const { return kind_ == Kind::kInt || kind_ == Kind::kBool; }
  bool is_number() const { return is_integral() || kind_ == Kind::kFloat || kind_ == Kind::kBigInt; }

  // Each is valid for its own kind only.
  int64_t as_integer() const { return integer_; }  // kInt and kBool
  uint64_t as_big_integer() const { return big_; }
  double as_real() const;  // every number
  const Text& as_text() const { return *text_; }
  std::string_view bytes() const { return text_->bytes; }
  const Text* undefined_name() const { return text_; }  // null if it has none
  std::span<const Value> items() const;                 // kList and kTuple
  std::span<const std::pair<Value, Value>> entries() const;
  Namespace& as_namespace() const { return *namespace_; }
  Function as_function() const { return function_; }
  const BoundMethod& as_method() const { return *method_; }
  const Closure& as_macro() const { return *closure_; }
  LoopState& as_loop() const { return *loop_; }

 private:
  Value(Kind kind, const Text* text) : kind_(kind), text_(text) {}
  Value(Kind kind, std::nullptr_t) : kind_(kind), text_(nullptr) {}
  Value(Kind kind, const BoundMethod* method) : kind_(kind), method_(method) {}
  Value(Kind kind, Namespace* names) : kind_(kind), namespace_(names) {}
  Value(Kind kind, const Closure* closure) : kind_(kind), closure_(closure) {}
  Value(Kind kind, LoopState* loop) : kind_(kind), loop_(loop) {}

  Kind kind_;
  union {
    int64_t integer_;
    uint64_t big_;
    double real_;
    const Text* text_;
    const List* list_;
    const Dict* dict_;
    Namespace* namespace_;
    Function function_;
    const BoundMethod* method_;
    const Closure* closure_;
    LoopState* loop_;
  };
};

using Entry = std::pair<Value, Value>;

struct List {
  std::span<const Value> items;
};

struct Dict {
  std::span<const Entry> entries;  // keys in the order of insertion, each once
};

struct Namespace {
  ArenaVector<Entry> entries;
};

struct BoundMethod {
  Value self;
  Method method;
};

// What a call hands over.
struct Arguments {
  std::span<const Value> positional;
  std::span<const std::pair<std::string_view, Value>> named;
};

std::string_view type_name(const Value& value);  // Python's, for messages
bool is_true(const Value& value);
bool equal(Context& context, const Value& a, const Value& b);
// Negative, zero or positive. Raises kInvalidArgument where Python has no order; `unordered` is set for a
// NaN.
int compare(Context& context, const Value& a, const Value& b, bool* unordered = nullptr);
// The value of a key, null where there is none.
const Value* find(Context& context, std::span<const Entry> entries, const Value& key);
const Value* find(Context& context, std::span<const Entry> entries, std::string_view key);
// Adds a key or replaces its value, where it stands.
void assign(Context& context, ArenaVector<Entry>& entries, const Value& key, const Value& value);

// What a loop over the value visits. Raises for what cannot be iterated.
std::span<const Value> iterate(Context& context, const Value& value);
size_t length_of(Context& context, const Value& value);
bool contains(Context& context, const Value& container, const Value& item);

// str(): the value as `{{ }}` prints it. Numbers count as the template's own text: digits spell no special
// token. Containers are untrusted as a whole, because their structure may be a user's.
Text to_text(Context& context, const Value& value);
void append_text(Context& context, TextBuilder& out, const Value& value);
Text to_repr(Context& context, const Value& value);  // repr(): strings in quotes; all of it untrusted
std::string format_float(double value);  // repr(): the shortest digits that read back as the same number

inline Value make_string(Context& context, const Text& text) {
  return Value::string(context.arena, text);
}
inline Value make_own(Context& context, std::string_view copied) {
  return Value::string(context.arena, Text::own(context.arena.copy(copied)));
}

}  // namespace riposte::chat
