// One sentence after another through an engine, each waited for, its text handed on as it comes.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/engine.h"
#include "rewrite/presets.h"
#include "rewrite/prompt.h"
#include "rewrite/restraint.h"

namespace riposte::apps {

struct Rewritten {
  // Of a restrained preset: why `text` is the source. The finish and its trace tell of the answer that was refused.
  rewrite::Stray reverted = rewrite::Stray::kNone;
  std::string text;
  engine::Finish finish;
  std::chrono::nanoseconds time{0};  // from the call to the last character
};

class Rewriter {
 public:
  // All that is referred to must outlive the rewriter. `trace`: tell where each token came from
  // (Rewritten::finish.trace).
  Rewriter(engine::Engine& engine, const rewrite::PromptFormat& format, const rewrite::Preset& preset,
           bool trace = false);

  // Waits for the whole answer. `on_text` is called on the caller's thread; if it fails, the request is
  // cancelled and its error is the result. Errors: kInvalidArgument (nothing to rewrite, not UTF-8),
  // kTooLarge (longer than the context), those of the engine.
  Result<Rewritten> rewrite(std::string_view source,
                            const std::function<Result<void>(std::string_view)>& on_text = {});

 private:
  engine::Engine& engine_;
  rewrite::PromptFormat format_;
  const rewrite::Preset& preset_;
  bool trace_;
};

}  // namespace riposte::apps
