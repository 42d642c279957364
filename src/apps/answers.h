// Requests through an engine, and what came of them: for what measures and compares whole answers.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"

namespace riposte::apps {

struct Answer {
  std::string text;
  std::vector<TokenId> tokens;
  engine::Finish finish;
};

// Submits all, the request order[0] first (empty: as they come), and returns when the last has ended; the answers are in
// the requests' order. Errors: those of the engine, also of a request that it gave up.
Result<std::vector<Answer>> answers_to(engine::Engine& engine, std::vector<engine::Request> requests,
                                       std::span<const size_t> order = {});

}  // namespace riposte::apps
