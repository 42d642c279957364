// Where variables live while a template is rendered.
#pragma once

#include "chat/ast.h"

namespace riposte::chat {

// The variables of one loop iteration, macro call or block; those of the surroundings are found through
// `parent`. In the arena, so that a macro may keep the frame that it was defined in.
struct Frame {
  Frame* parent = nullptr;
  ArenaVector<std::pair<NameId, Value>> variables = {};

  // Null if there is no such variable. A walk over many variables counts as several steps.
  const Value* find(Context& context, NameId name) const {
    for (const Frame* frame = this; frame; frame = frame->parent) {
      context.charge(frame->variables.size() / 16);
      for (const auto& [id, value] : frame->variables) {
        if (id == name) return &value;
      }
    }
    return nullptr;
  }

  void set(Context& context, NameId name, const Value& value) {
    context.charge(variables.size() / 16);
    for (auto& [id, old] : variables) {
      if (id == name) {
        old = value;
        return;
      }
    }
    variables.push_back(context.arena, {name, value});
  }
};

struct Closure {
  const MacroStmt* macro;
  Frame* scope;  // where it was defined
};

// The variable `loop`.
struct LoopState {
  const ForStmt* statement;
  Frame* scope;  // around the loop
  std::span<const Value> items;
  size_t index = 0;
  size_t depth = 0;                     // of recursion, from 0
  std::span<const Value> changed = {};  // what loop.changed() saw last
  bool changed_called = false;
};

}  // namespace riposte::chat
