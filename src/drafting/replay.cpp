#include "drafting/replay.h"

#include <algorithm>
#include <numeric>

#include "drafting/choose.h"

namespace riposte::drafting {
namespace {

double cost_of(std::span<const float> step_cost, size_t rows) {
  return step_cost.empty() ? 0.0 : step_cost[std::min(rows, step_cost.size()) - 1];
}

// The guesses on the way of `truth`, which begins with the token right after the sequence.
size_t accept(const Draft& draft, std::span<const TokenId> truth, Replayed& result,
              std::vector<Verdict>* verdicts) {
  int32_t parent = Draft::kNoParent;
  size_t accepted = 0;
  for (const TokenId token : truth) {
    const int32_t right = find_child(draft, parent, token);
    for (size_t i = 0; verdicts != nullptr && i < draft.size(); ++i) {
      if (draft.parents[i] == parent)
        verdicts->push_back({draft.chances[i], draft.origins[i], static_cast<int32_t>(i) == right});
    }
    if (right == Draft::kNoParent) break;
    ++result.accepted[static_cast<size_t>(draft.origins[static_cast<size_t>(right)])];
    ++accepted;
    parent = right;
  }
  return accepted;
}

}  // namespace

int32_t Replayed::all_guessed() const {
  return std::accumulate(guessed.begin(), guessed.end(), 0);
}
int32_t Replayed::all_accepted() const {
  return std::accumulate(accepted.begin(), accepted.end(), 0);
}

Replayed replay(const Drafter& drafter, DraftContext context, std::span<const TokenId> answer,
                int32_t vocabulary, const ReplayOptions& options, std::vector<Verdict>* verdicts) {
  Replayed result;
  result.tokens = static_cast<int32_t>(answer.size());
  Acceptance acceptance;
  if (options.task != nullptr) {
    acceptance = *options.task;
    acceptance.fade(kInherited);
  }
  Draft proposed, chosen;
  for (size_t written = 0; written < answer.size();) {
    const int32_t rows = written == 0 ? std::max(1, options.prompt_rows) : 1;
    context.output = answer.first(written);
    context.acceptance = &acceptance;
    context.most_tokens = options.most_guesses;
    proposed.clear();
    if (context.most_tokens > 0) drafter.propose(context, proposed);
    if (!is_valid(proposed, vocabulary)) proposed.clear();
    choose(proposed, options.step_cost, rows - 1, options.most_guesses, chosen);
    for (const Origin origin : chosen.origins) ++result.guessed[static_cast<size_t>(origin)];
    const size_t accepted = accept(chosen, answer.subspan(written), result, verdicts);
    const size_t produced = std::min(accepted + 1, answer.size() - written);
    observe_draft(chosen, answer.subspan(written, produced), acceptance);
    if (options.task != nullptr) observe_draft(chosen, answer.subspan(written, produced), *options.task);
    written += produced;
    ++result.passes;
    result.cost += cost_of(options.step_cost, static_cast<size_t>(rows) + chosen.size());
  }
  if (options.task != nullptr) options.task->fade(kRemembered);
  const size_t first = static_cast<size_t>(std::max(1, options.prompt_rows));
  if (!answer.empty())
    result.plain_cost = cost_of(options.step_cost, first) +
                        static_cast<double>(answer.size() - 1) * cost_of(options.step_cost, 1);
  context.output = answer.empty() ? answer : answer.first(answer.size() - 1);
  drafter.learn(context);
  return result;
}

}  // namespace riposte::drafting
