#include "apps/identity.h"

#include <algorithm>
#include <array>
#include <random>
#include <utility>

#include "apps/shuffled_pages.h"

namespace riposte::apps {
namespace {

constexpr size_t kMostDifferences = 5;
constexpr int32_t kPlainAtOnce = 16;
constexpr int32_t kEachReplaced = 9;  // one token in so many of a prediction is wrong
constexpr std::array<int32_t, 4> kChunks = {128, 7, 32, 1};
constexpr std::array<int32_t, 3> kMostGuesses = {48, 5, 20};

std::vector<TokenId> spoiled(std::vector<TokenId> answer, int32_t vocabulary) {
  for (size_t i = kEachReplaced - 1; i < answer.size(); i += kEachReplaced)
    answer[i] = (answer[i] + 1) % vocabulary;
  return answer;
}

}  // namespace

int64_t differing_bytes(std::string_view a, std::string_view b) {
  const size_t shorter = std::min(a.size(), b.size());
  auto different = static_cast<int64_t>(std::max(a.size(), b.size()) - shorter);
  for (size_t i = 0; i < shorter; ++i) different += a[i] != b[i];
  return different;
}

Identity::Identity(model::Executor& executor, const tokenizer::Tokenizer& tokenizer,
                   std::span<const Way> ways, IdentityOptions options)
    : executor_(executor),
      tokenizer_(tokenizer),
      ways_(ways),
      options_(std::move(options)),
      group_(options_.first_turn),
      engines_(static_cast<uint32_t>(options_.first_turn)),
      alone_(ways.size()),
      crowd_(ways.size()) {}

Result<std::vector<Answer>> Identity::answer(const std::vector<engine::Request>& requests,
                                                       const drafting::Drafter* drafter, int32_t at_once) {
  const uint32_t number = engines_++;
  ShuffledPages executor(executor_, number);
  // The requests come in another order each time, so that a crowd is another one.
  std::vector<size_t> order(requests.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  if (at_once > 1) std::shuffle(order.begin(), order.end(), std::mt19937(number));
  engine::Engine engine(executor, tokenizer_,
                        {.max_queued = static_cast<int32_t>(requests.size()),
                         .max_sequences = at_once,
                         .prefill_chunk = kChunks[number % kChunks.size()],
                         .drafter = drafter,
                         .max_draft = kMostGuesses[number % kMostGuesses.size()],
                         .step_cost = number % 2 == 0 ? options_.step_cost : std::vector<float>()});
  return answers_to(engine, requests, order);
}

Result<void> Identity::check(std::vector<engine::Request> requests) {
  if (requests.empty()) return {};
  // Once in a while the plain answers are those of requests that were alone.
  const auto plain = answer(requests, nullptr, group_ % 8 == 7 ? 1 : kPlainAtOnce);
  if (!plain) return pass_on(plain);
  const int32_t vocabulary = executor_.limits().vocabulary;
  for (size_t i = 0; i < requests.size(); ++i)
    requests[i].prediction = spoiled((*plain)[i].tokens, vocabulary);
  const size_t turn = group_++;
  for (size_t way = 0; way < ways_.size(); ++way) {
    const bool alone = options_.every_way || way == turn % ways_.size();
    const bool crowd = options_.every_way || way == (turn + 1 + turn / ways_.size()) % ways_.size();
    if (alone) {
      if (auto compared = compare(requests, *plain, way, true); !compared) return compared;
    }
    if (crowd) {
      if (auto compared = compare(requests, *plain, way, false); !compared) return compared;
    }
  }
  return {};
}

Result<void> Identity::compare(const std::vector<engine::Request>& requests, const std::vector<Answer>& plain,
                               size_t way, bool alone) {
  const auto guessed = answer(requests, ways_[way].drafter.get(), alone ? 1 : 1 + options_.neighbours);
  if (!guessed) return pass_on(guessed);
  IdentityCount& count = alone ? alone_[way] : crowd_[way];
  for (size_t i = 0; i < requests.size(); ++i) {
    const Answer& expected = plain[i];
    const Answer& found = (*guessed)[i];
    ++count.answers;
    count.bytes += static_cast<int64_t>(expected.text.size());
    count.tokens += found.finish.usage.output_tokens;
    count.passes += found.finish.usage.passes;
    count.drafted += found.finish.usage.drafted_tokens;
    count.accepted += found.finish.usage.accepted_tokens;
    const bool same = expected.text == found.text && expected.tokens == found.tokens &&
                      expected.finish.reason == found.finish.reason;
    if (same) continue;
    ++differing_answers_;
    ++count.differing_answers;
    count.differing_bytes += differing_bytes(expected.text, found.text);
    if (differences_.size() == kMostDifferences) continue;
    differences_.push_back({ways_[way].name + (alone ? ", alone" : ", in a crowd"),
                            tokenizer_.decode(requests[i].prompt, /*with_control=*/true), expected.text,
                            found.text});
  }
  return {};
}

}  // namespace riposte::apps
