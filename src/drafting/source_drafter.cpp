#include "drafting/source_drafter.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "drafting/alignment.h"
#include "drafting/continuations.h"
#include "drafting/guess_tree.h"

namespace riposte::drafting {
namespace {

constexpr size_t kMostPlaces = 4;
constexpr int32_t kMostGrown = 64;
constexpr size_t kMostSourceTokens = 4096;  // of a longer source the rest is not looked at
constexpr size_t kMostOutputTokens = 128;   // of a longer answer only the end is looked at
constexpr float kSurelyRewriting = 0.9f;    // below it the answer may begin in the middle of the source
// The answer's last word may be whole, or the beginning of the source word that it began like.
constexpr float kWordGoesOn = 0.9f;
constexpr float kMostRewritingChance = 0.98f;

bool begins_like(std::span<const TokenId> longer, std::span<const TokenId> shorter) {
  return longer.size() > shorter.size() && std::ranges::equal(longer.first(shorter.size()), shorter);
}

float posterior(float prior, double odds) {
  const double before = std::clamp(prior, 0.0f, kMostRewritingChance);
  // The words of an answer lean on one another, so they prove less together than each alone.
  const double after = before / (1.0 - before) * std::sqrt(odds);
  return static_cast<float>(after / (1.0 + after));
}

Lookahead::Place end_of(std::span<const TokenId> output) {
  const size_t size = output.size();
  return {size < 2 ? kNoToken : output[size - 2], size < 1 ? kNoToken : output[size - 1],
          static_cast<int32_t>(size) - 1};
}

// The answer may stand inside a word: wherever a source word begins with the tokens of its last one. Returns
// how likely that is.
float add_unfinished_word(const Words& source, std::span<const TokenId> source_tokens, const Words& output,
                          std::span<const TokenId> output_tokens, const Alignment& arrived,
                          const Situation& now, float rewriting, const Continuations& continuations,
                          std::vector<Thread>& threads) {
  if (output.size() == 0) return 0.0f;
  const Word& last = output[output.size() - 1];
  const auto written = output_tokens.last(static_cast<size_t>(last.tokens));
  float sum = 0.0f;
  for (const Place& place : arrived.before_last) {
    if (place.word >= static_cast<int32_t>(source.size())) continue;
    const Word& word = source[static_cast<size_t>(place.word)];
    const auto own =
        source_tokens.subspan(static_cast<size_t>(word.first_token), static_cast<size_t>(word.tokens));
    if (!begins_like(own, written)) continue;
    Situation there = now;
    there.copied = place.copied;
    const float chance = place.chance * kWordGoesOn;
    threads.push_back({continuations.rest_of_word(place.word, last.tokens, there), rewriting * chance});
    sum += chance;
  }
  return sum;
}

}  // namespace

void SourceDrafter::propose(const DraftContext& context, Draft& draft) const {
  const bool predicts = text_ == Text::kPrediction;
  const Origin origin = predicts ? Origin::kPrediction : Origin::kSource;
  std::span<const TokenId> tokens = predicts ? context.prediction : context.source;
  tokens = tokens.first(std::min(tokens.size(), kMostSourceTokens));
  if (tokens.empty() || context.most_tokens <= 0) return;
  const float prior = predicts ? 1.0f : context.rewriting_chance;
  const bool is_long = context.output.size() > kMostOutputTokens;
  const bool begins_anywhere = is_long || prior < kSurelyRewriting;
  const Words source(tokens, vocabulary_);
  const auto output_tokens = is_long ? context.output.last(kMostOutputTokens) : context.output;
  const Words output(output_tokens, vocabulary_);
  const Alignment arrived = align(source, output.all(), kMostPlaces, begins_anywhere);

  Situation now{.copied = 0, .at_start = output.size() == 0, .sentence_begins = true};
  if (!now.at_start) {
    now.sentence_begins = output[output.size() - 1].ends_sentence();
    now.previous = output[output.size() - 1].hash;
  }
  const Knowledge knowledge{.vocabulary = vocabulary_,
                            .spelling = spelling_,
                            .history = context.use_history ? history_ : nullptr,
                            .owner = context.owner};
  Continuations continuations(source, tokens, knowledge, origin);
  const float rewriting = posterior(prior, arrived.rewriting_odds);
  std::vector<Thread> threads;
  const float goes_on = add_unfinished_word(source, tokens, output, output_tokens, arrived, now, rewriting,
                                            continuations, threads);
  for (const Place& place : arrived.places) {
    Situation there = now;
    there.copied = place.copied;
    threads.push_back({{.tokens = {}, .next_word = place.word, .next = there, .origin = origin},
                       rewriting * place.chance * std::max(0.0f, 1.0f - goes_on)});
  }
  Heard heard;
  if (context.lookahead != nullptr && !context.lookahead->empty())
    heard = {context.lookahead, end_of(context.output)};
  grow_tree(std::move(threads), continuations,
            {.most_depth = context.most_tokens, .most_guesses = kMostGrown}, heard, draft);
  if (context.acceptance == nullptr) return;
  for (size_t i = 0; i < draft.size(); ++i)
    draft.chances[i] = context.acceptance->corrected(draft.origins[i], draft.chances[i]);
}

}  // namespace riposte::drafting
