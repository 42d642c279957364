#include "engine/guesser.h"

#include <algorithm>
#include <array>
#include <utility>

#include "drafting/choose.h"
#include "drafting/step_cost.h"

namespace riposte::engine {
namespace {

// A server's presets are few. A client with ever new instructions makes all tasks begin anew.
constexpr size_t kMostTasks = 256;

// A request stops guessing for a while when its guesses have lost so many steps, and one in a hundred of
// those that it took part in: then it is no text that can be guessed, and must not be slower than without
// trying.
constexpr double kMostLoss = 3;
constexpr double kMostLossOfAStep = 0.01;

// Copies the guesses that are at most `most` tokens deep. `from` is valid.
void copy_shallow(const drafting::Draft& from, int32_t most, drafting::Draft& to) {
  struct Kept {
    int32_t index;
    int32_t depth;
  };
  std::array<Kept, drafting::kMostGuesses> kept;
  to.clear();
  for (size_t guess = 0; guess < from.size(); ++guess) {
    const int32_t parent = from.parents[guess];
    const Kept before =
        parent == drafting::Draft::kNoParent ? Kept{parent, 0} : kept[static_cast<size_t>(parent)];
    kept[guess] = {drafting::Draft::kNoParent, before.depth + 1};
    if (before.depth >= most) continue;
    kept[guess].index = to.add(from.tokens[guess], before.index, from.chances[guess], from.origins[guess]);
  }
}

}  // namespace

Guesser::Guesser(const drafting::Drafter* drafter, std::vector<float> step_cost, int32_t most_guesses,
                 int32_t vocabulary)
    : drafter_(drafter),
      step_cost_(std::move(step_cost)),
      most_guesses_(std::min(most_guesses, drafting::kMostGuesses)),
      vocabulary_(vocabulary) {}

void Guesser::begin(Sequence& sequence) {
  if (drafter_ == nullptr || sequence.task() == 0) return;
  const auto known = tasks_.find(sequence.task());
  if (known == tasks_.end()) return;
  sequence.acceptance = known->second;
  sequence.acceptance.fade(drafting::kInherited);
}

void Guesser::guess(Sequence& sequence, const StepSoFar& step) {
  sequence.draft.clear();
  if (sequence.guessing_loss > kMostLoss + kMostLossOfAStep * sequence.usage.passes) return;
  const int32_t most = std::min(most_guesses_, step.guesses_left);
  const drafting::DraftContext context = sequence.draft_context();
  if (drafter_ == nullptr || most <= 0 || context.most_tokens <= 0) return;
  proposed_.clear();
  drafter_->propose(context, proposed_);
  if (!drafting::is_valid(proposed_, vocabulary_)) return;
  copy_shallow(proposed_, context.most_tokens, usable_);
  sequence.drop_forbidden(usable_);
  drafting::choose(usable_, step_cost_, step.rows - 1, most, sequence.draft, step.answers - 1);
  if (sequence.draft.empty() || step_cost_.empty()) return;
  const drafting::StepCost cost(step_cost_);
  const double token = cost.of(step.answers) / step.answers;  // without guesses
  const auto guesses = static_cast<int32_t>(sequence.draft.size());
  sequence.guessing_loss += (cost.of(step.rows + guesses) - cost.of(step.rows)) / token;
}

void Guesser::observe(Sequence& sequence, std::span<const TokenId> produced) {
  if (sequence.draft.empty()) return;
  if (!step_cost_.empty()) sequence.guessing_loss -= static_cast<double>(produced.size()) - 1;
  drafting::observe_draft(sequence.draft, produced, sequence.acceptance);
  if (sequence.task() == 0) return;
  if (tasks_.size() >= kMostTasks && !tasks_.contains(sequence.task())) tasks_.clear();
  drafting::observe_draft(sequence.draft, produced, tasks_[sequence.task()]);
}

void Guesser::end(const Sequence& sequence) {
  if (drafter_ == nullptr) return;
  if (const auto task = tasks_.find(sequence.task()); task != tasks_.end())
    task->second.fade(drafting::kRemembered);
  if (sequence.complete()) drafter_->learn(sequence.draft_context());
}

}  // namespace riposte::engine
