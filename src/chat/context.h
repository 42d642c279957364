// The bounds of one rendering, shared by everything that does work for it.
#pragma once

#include <chrono>
#include <cstddef>

#include "chat/arena.h"
#include "chat/failure.h"
#include "chat/template.h"

namespace riposte::chat {

struct Context {
  explicit Context(const RenderLimits& render_limits)
      : limits(render_limits), arena(render_limits.max_memory_bytes) {}

  const RenderLimits& limits;
  Arena arena;
  size_t steps = 0;
  int depth = 0;
  std::chrono::system_clock::time_point now;

  void charge(size_t count = 1) {
    if (count > limits.max_steps - steps) {
      raise(ErrorCode::kTooLarge, "takes more than {} steps; the template loops too long for this input",
            limits.max_steps);
    }
    steps += count;
  }
  // Work that reads or writes this many bytes: a step is worth about as much time as a cache line.
  void charge_bytes(size_t bytes) { charge(bytes / 64); }
};

// Held by every function that recurses over a template or over nested values.
class DepthGuard {
 public:
  explicit DepthGuard(Context& context) : context_(context) {
    if (context_.depth >= context_.limits.max_depth) {
      raise(ErrorCode::kTooLarge, "nests deeper than {} levels", context_.limits.max_depth);
    }
    ++context_.depth;
  }
  ~DepthGuard() { --context_.depth; }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;

 private:
  Context& context_;
};

}  // namespace riposte::chat
