#include "apps/scatter_drafter.h"

#include <random>
#include <vector>

namespace riposte::apps {
namespace {

constexpr uint32_t kMostGuesses = 24;

}  // namespace

void ScatterDrafter::propose(const drafting::DraftContext& context, drafting::Draft& draft) const {
  using drafting::Draft;
  using drafting::Origin;
  const auto written = static_cast<uint32_t>(context.history.size());
  std::mt19937 random(written * 2654435761u +
                      (written > 0 ? static_cast<uint32_t>(context.history.back()) : 0));
  const auto any_of = [&random](std::span<const TokenId> tokens) { return tokens[random() % tokens.size()]; };
  std::vector<size_t> depths = {0};  // of the root and of each guess
  for (uint32_t left = random() % (kMostGuesses + 1); left > 0; --left) {
    // Mostly on from the last one, now and then from any.
    const size_t from = random() % 4 == 0 ? random() % depths.size() : depths.size() - 1;
    const size_t place = context.output.size() + depths[from];
    const uint32_t mood = random() % 8;
    TokenId token = static_cast<TokenId>(random() % static_cast<uint32_t>(vocabulary_));
    Origin origin = Origin::kModel;
    if (mood < 6 && place < context.prediction.size()) {
      token = context.prediction[place];
      origin = Origin::kPrediction;
    } else if (mood < 7 && !context.source.empty()) {
      token = any_of(context.source);
      origin = Origin::kSource;
    }
    const int32_t parent = static_cast<int32_t>(from) - 1;
    if (drafting::find_child(draft, parent, token) != Draft::kNoParent) continue;
    draft.add(token, parent, 0.9f, origin);
    depths.push_back(depths[from] + 1);
  }
}

}  // namespace riposte::apps
