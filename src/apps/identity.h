// Whether guesses change answers: the same requests once decoded plainly and once with guesses, in every way.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "apps/answers.h"
#include "base/result.h"
#include "drafting/drafter.h"
#include "engine/engine.h"
#include "model/executor.h"
#include "tokenizer/tokenizer.h"

namespace riposte::apps {

// A way of guessing. The drafter learns from what it is used for, as in a server.
struct Way {
  std::string name;
  std::unique_ptr<const drafting::Drafter> drafter;
};

struct IdentityOptions {
  int32_t neighbours = 8;  // of each request in a crowd
  // Otherwise the ways take turns: one alone and one in a crowd for each group of requests.
  bool every_way = false;
  size_t first_turn = 0;  // the way whose turn it is at first: for a run that goes on with an earlier one
  std::vector<float> step_cost = {};  // see drafting::choose
};

// What came of one way, alone or in a crowd.
struct IdentityCount {
  int64_t answers = 0;
  int64_t bytes = 0;  // of the plain answers
  int64_t tokens = 0;
  int64_t passes = 0;
  int64_t drafted = 0;
  int64_t accepted = 0;
  int64_t differing_answers = 0;
  int64_t differing_bytes = 0;
};

struct Difference {
  std::string way;  // "source, alone"
  std::string prompt;
  std::string expected;
  std::string found;
};

// Bytes of two answers that are not the same at the same place.
int64_t differing_bytes(std::string_view a, std::string_view b);

class Identity {
 public:
  // All that is referred to must outlive this. The executor is used by one engine after the other.
  Identity(model::Executor& executor, const tokenizer::Tokenizer& tokenizer, std::span<const Way> ways,
           IdentityOptions options);

  // Answers a group of requests plainly, side by side, and then with guesses; chunks of the prompts, the
  // number of guesses and the places of pages in memory change from engine to engine. Each request's
  // prediction becomes what was answered plainly, with a few tokens replaced. Errors: those of the engine.
  Result<void> check(std::vector<engine::Request> requests);

  const IdentityCount& alone(size_t way) const { return alone_[way]; }
  const IdentityCount& crowd(size_t way) const { return crowd_[way]; }
  std::span<const Difference> differences() const { return differences_; }  // the first few
  int64_t differing_answers() const { return differing_answers_; }

 private:
  Result<std::vector<Answer>> answer(const std::vector<engine::Request>& requests,
                                     const drafting::Drafter* drafter, int32_t at_once);
  Result<void> compare(const std::vector<engine::Request>& requests, const std::vector<Answer>& plain,
                       size_t way, bool alone);

  model::Executor& executor_;
  const tokenizer::Tokenizer& tokenizer_;
  std::span<const Way> ways_;
  const IdentityOptions options_;
  size_t group_ = 0;
  uint32_t engines_ = 0;
  std::vector<IdentityCount> alone_, crowd_;  // [ways]
  std::vector<Difference> differences_;
  int64_t differing_answers_ = 0;
};

}  // namespace riposte::apps
