#include "drafting/alignment.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace riposte::drafting {
namespace {

constexpr size_t kMostOutput = 64;

int32_t copied_run(std::span<const TokenId> source, std::span<const TokenId> output, size_t end) {
  const size_t most = std::min(end, output.size());
  size_t run = 0;
  while (run < most && source[end - 1 - run] == output[output.size() - 1 - run]) ++run;
  return static_cast<int32_t>(run);
}

}  // namespace

Alignment align(std::span<const TokenId> source, std::span<const TokenId> output) {
  const bool whole = output.size() <= kMostOutput;
  if (!whole) output = output.last(kMostOutput);
  // One row of the edit distance table: cost[j] of turning the first j source tokens into the output so far.
  std::vector<int32_t> cost(source.size() + 1);
  for (size_t j = 0; j < cost.size(); ++j) cost[j] = whole ? static_cast<int32_t>(j) : 0;
  for (const TokenId token : output) {
    int32_t diagonal = cost[0]++;
    for (size_t j = 1; j < cost.size(); ++j) {
      const int32_t kept_or_replaced = diagonal + (source[j - 1] == token ? 0 : 1);
      diagonal = cost[j];
      cost[j] = std::min({kept_or_replaced, cost[j] + 1, cost[j - 1] + 1});
    }
  }
  // An end without a copied token counts as one edit more: dropped words and then a copied one are likelier
  // than a word that was replaced by one that stands further on.
  Alignment best{.matched = -1, .looked_at = static_cast<int32_t>(output.size())};
  int32_t least = std::numeric_limits<int32_t>::max();
  for (size_t j = 0; j < cost.size(); ++j) {
    if (cost[j] > least) continue;
    const int32_t run = copied_run(source, output, j);
    const int32_t weighed = cost[j] + (run == 0 ? 1 : 0);
    if (weighed > least || (weighed == least && run < best.matched)) continue;
    least = weighed;
    best.position = static_cast<int32_t>(j);
    best.matched = run;
    best.distance = cost[j];
  }
  return best;
}

}  // namespace riposte::drafting
