#include "drafting/lookahead.h"

#include <algorithm>
#include <cstdlib>

namespace riposte::drafting {
namespace {

// What was inserted or left out before moves a place by a few tokens. A frequent word has other neighbours
// elsewhere.
constexpr int32_t kFarthest = 12;
constexpr int32_t kFarthestOfOne = 4;  // where the last token alone is the same

}  // namespace

void Lookahead::note(const Place& place, TokenId answer) {
  notes_[count_++ % kMost] = {place, answer};
}

std::optional<Lookahead::Said> Lookahead::find(const Place& place) const {
  const Note* best = nullptr;
  bool best_knows = false;
  int32_t best_distance = 0;
  for (size_t i = count_ - std::min(count_, kMost); i < count_; ++i) {
    const Note& note = notes_[i % kMost];
    if (note.place.last != place.last) continue;
    const bool knows = note.place.before == place.before;
    const int32_t distance = std::abs(note.place.position - place.position);
    if (distance > (knows ? kFarthest : kFarthestOfOne)) continue;
    const bool better = best == nullptr || (knows != best_knows ? knows : distance <= best_distance);
    if (!better) continue;
    best = &note;
    best_knows = knows;
    best_distance = distance;
  }
  if (best == nullptr) return std::nullopt;
  return Said{best->answer, best_knows};
}

}  // namespace riposte::drafting
