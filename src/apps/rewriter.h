// One text after another through an engine, each waited for, its result handed on as it comes.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/engine.h"
#include "rewrite/assembly.h"
#include "rewrite/lean.h"
#include "rewrite/presets.h"
#include "rewrite/prompt.h"

namespace riposte::apps {

struct Rewritten {
  std::string text;
  rewrite::Assembly assembly;        // of the text's parts: sentences, where the preset goes by them
  std::chrono::nanoseconds time{0};  // from the call to the last character
};

class Rewriter {
 public:
  // All that is referred to must outlive the rewriter. `lean`: what of a text need not be read. `trace`: tell
  // where each token came from (engine::Finish::trace).
  Rewriter(engine::Engine& engine, const rewrite::PromptFormat& format, const rewrite::Preset& preset,
           const rewrite::LeanRules& lean = {}, bool trace = false);

  // Waits for the whole result; the parts of the text are computed side by side. `on_text` is called on the
  // caller's thread; if it fails, the requests are cancelled and its error is the result. Errors:
  // kInvalidArgument (nothing to rewrite, not UTF-8), kTooLarge (a part is longer than the context), those of
  // the engine.
  Result<Rewritten> rewrite(std::string_view source,
                            const std::function<Result<void>(std::string_view)>& on_text = {});

 private:
  engine::Engine& engine_;
  rewrite::PromptFormat format_;
  const rewrite::Preset& preset_;
  const rewrite::LeanRules lean_;
  bool trace_;
};

}  // namespace riposte::apps
