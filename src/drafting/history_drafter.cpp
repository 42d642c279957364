#include "drafting/history_drafter.h"

#include <algorithm>
#include <array>

namespace riposte::drafting {
namespace {

constexpr int32_t kMostDepth = 16;
constexpr float kDoubt = 2.5f;         // what came t of n times comes again with t / (n + doubt)
constexpr float kLeastChance = 0.05f;  // cumulative

}  // namespace

void HistoryDrafter::propose(const DraftContext& context, Draft& draft) const {
  if (!context.use_history || context.output.size() < 2) return;
  std::array<TokenId, 3> last;  // the end of the answer with the guesses so far
  size_t count = std::min<size_t>(3, context.output.size());
  std::ranges::copy(context.output.last(count), last.begin());
  int32_t parent = Draft::kNoParent;
  float cumulative = 1.0f;
  for (int32_t depth = 0; depth < std::min(kMostDepth, context.most_tokens); ++depth) {
    const auto known = history_.find_next(context.owner, std::span(last).first(count));
    if (!known) return;
    float chance = static_cast<float>(known->taken) / (static_cast<float>(known->seen) + kDoubt);
    if (context.acceptance != nullptr) chance = context.acceptance->corrected(Origin::kHistory, chance);
    cumulative *= chance;
    if (!(cumulative >= kLeastChance)) return;
    parent = draft.add(known->tokens[0], parent, chance, Origin::kHistory);
    if (count == 3) std::shift_left(last.begin(), last.end(), 1);
    count = std::min<size_t>(3, count + 1);
    last[count - 1] = known->tokens[0];
  }
}

}  // namespace riposte::drafting
