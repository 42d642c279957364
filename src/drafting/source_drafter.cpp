#include "drafting/source_drafter.h"

#include <algorithm>

#include "drafting/alignment.h"

namespace riposte::drafting {
namespace {

// After an edit the next guess is often wrong, in the middle of a copied stretch seldom: so many tokens are
// proposed after none and for each further copied one.
constexpr int32_t kAfterAnEdit = 3;
constexpr int32_t kForEachCopied = 2;
// The first guess rides in the pass that reads the prompt, where a row costs little.
constexpr int32_t kAtTheBeginning = 8;

// An answer that is no rewriting of the source: nothing was copied just now, and most of what was written is
// new. Guesses would only cost time.
bool is_something_else(const Alignment& arrived) {
  return arrived.looked_at >= 4 && arrived.matched == 0 && 2 * arrived.distance > arrived.looked_at;
}

}  // namespace

void SourceDrafter::propose(const DraftContext& context, Draft& draft) const {
  if (context.source.empty()) return;
  const Alignment arrived = align(context.source, context.output);
  if (is_something_else(arrived)) return;
  const int32_t wanted =
      context.output.empty() ? kAtTheBeginning : kAfterAnEdit + kForEachCopied * arrived.matched;
  const auto left = static_cast<int32_t>(context.source.size()) - arrived.position;
  const int32_t count = std::min({wanted, left, context.most_tokens});
  int32_t parent = Draft::kNoParent;
  for (int32_t i = 0; i < count; ++i) {
    parent = draft.add(context.source[static_cast<size_t>(arrived.position + i)], parent);
  }
  if (end_ != kNoToken && count == left && count < std::min(wanted, context.most_tokens))
    draft.add(end_, parent);
}

}  // namespace riposte::drafting
