// Many requests at once, of every kind, arriving and leaving at random, on machines with little memory and
// odd limits: each must get exactly the answer that it would get alone.
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "harness.h"

namespace riposte::engine {
namespace {

// Trees of guesses that are often right: the next tokens by the fake model's greedy choice, some of them
// spoiled. A function of the history alone.
class HalfRightDrafter final : public drafting::Drafter {
 public:
  void propose(const drafting::DraftContext& context, drafting::Draft& draft) const override {
    std::mt19937 random(
        static_cast<uint32_t>(context.history.size() * 31 + static_cast<size_t>(context.history.back())));
    std::vector<std::vector<TokenId>> texts = {
        {context.history.begin(), context.history.end()}};  // root, guesses
    std::vector<float> logits(kVocabulary);
    for (size_t i = random() % 12; i > 0; --i) {
      // Mostly on from the last guess, now and then from any.
      const size_t from = random() % 3 == 0 ? random() % texts.size() : texts.size() - 1;
      testing::fake_logits(texts[from], logits);
      const TokenId guess =
          random() % 4 == 0 ? static_cast<TokenId>(random() % kVocabulary) : sampling::argmax(logits);
      const int32_t parent = static_cast<int32_t>(from) - 1;
      if (drafting::find_child(draft, parent, guess) != drafting::Draft::kNoParent) continue;
      const auto origin = static_cast<drafting::Origin>(random() % drafting::kOrigins);
      draft.add(guess, parent, 0.25f * static_cast<float>(1 + random() % 4), origin);
      texts.push_back(texts[from]);
      texts.back().push_back(guess);
    }
  }
};

class RandomTraffic : public ::testing::TestWithParam<uint32_t> {
 protected:
  std::mt19937 random{GetParam()};

  template <class... T>
  auto pick(T... values) {
    const std::common_type_t<T...> all[] = {values...};
    return all[random() % sizeof...(values)];
  }

  Request random_request(int32_t context_length) {
    Request request;
    // A few instructions that many share, then a text of its own.
    const uint32_t instruction = random() % 4;
    const size_t longest = static_cast<size_t>(context_length);
    for (uint32_t i = 0; i < instruction * 7; ++i) {
      request.prompt.push_back(static_cast<TokenId>(1 + (i * (instruction + 2)) % 20));
    }
    for (size_t i = 1 + random() % 20; i > 0; --i)
      request.prompt.push_back(static_cast<TokenId>(1 + random() % 3));
    if (request.prompt.size() > longest) request.prompt.resize(longest);
    request.adapter = pick(0, 0, 1, 2);
    request.edit_confidence = pick(0.0f, 0.0f, 0.9f);
    for (size_t i = random() % 30; i > 0; --i) request.source.push_back(static_cast<TokenId>(1 + random() % 3));
    request.max_tokens = pick(0, 1, 2, 5, 20, 60, 1000);
    request.ignore_end = random() % 3 == 0;
    for (int i = pick(0, 0, 1, 3); i > 0; --i)
      request.stop.push_back(pick("a", "ab", "ca", "ü", "xyz", " b"));
    if (random() % 2 == 0) {
      request.sampling.temperature = pick(0.0f, 0.5f, 1.0f);
      request.sampling.top_k = pick(0, 3, 20);
      request.sampling.top_p = pick(1.0f, 0.9f);
      request.sampling.repetition_penalty = pick(1.0f, 1.2f);
      request.sampling.presence_penalty = pick(0.0f, 0.4f);
      request.sampling.seed = random();
    }
    return request;
  }
};

TEST_P(RandomTraffic, EveryRequestGetsTheAnswerThatItWouldGetAlone) {
  model::ExecutorLimits limits{.page_size = pick(1, 2, 4, 16),
                               .pages = 0,
                               .max_rows = pick(1, 2, 7, 40),
                               .max_logit_rows = pick(1, 3, 40),
                               .vocabulary = kVocabulary,
                               .context_length = pick(30, 70),
                               .adapters = 2};
  const int32_t pages_of_one = (limits.context_length + limits.page_size - 1) / limits.page_size;
  limits.pages = pages_of_one + pick(0, 1, pages_of_one, 5 * pages_of_one);
  const HalfRightDrafter drafter;
  const EngineOptions options{
      .max_queued = 1000,
      .max_sequences = pick(1, 3, 10),
      .prefill_chunk = pick(1, 5, 16, 100),
      .drafter = pick(0, 1) == 0 ? nullptr : &drafter,
      .max_draft = pick(1, 4, 40),
      .step_cost = pick(0, 1) == 0 ? std::vector<float>() : std::vector<float>{8, 9, 10, 11}};
  testing::FakeExecutor executor(limits);
  Engine engine(executor, std::make_unique<FakeText>(), options);

  struct Sent {
    Request request;
    RequestId id = 0;
    std::shared_ptr<Heard> heard;
    bool cancelled = false;
  };
  std::vector<Sent> sent(60);
  for (Sent& one : sent) one.request = random_request(limits.context_length);
  std::vector<uint32_t> moods(sent.size());
  for (uint32_t& mood : moods) mood = static_cast<uint32_t>(random());

  // Two threads, each with every other request; some are cancelled at once, after their first text, or by the
  // other.
  const auto client = [&](size_t first) {
    for (size_t i = first; i < sent.size(); i += 2) {
      Sent& one = sent[i];
      one.heard = submit(engine, one.request, &one.id);
      const uint32_t mood = moods[i] % 10;
      if (mood == 0 || (mood == 1 && i >= 4)) {
        Sent& victim = mood == 0 ? one : sent[i - 4];
        victim.cancelled = true;
        engine.cancel(victim.id);
      } else if (mood < 5) {
        one.heard->finish();  // a pause: others go on meanwhile
      }
    }
  };
  std::thread other(client, 1);
  client(0);
  other.join();

  for (const Sent& one : sent) {
    const Finish finish = one.heard->finish();
    const Answer expected = answer_alone(one.request, limits.context_length);
    EXPECT_EQ(one.heard->finishes(), 1);
    if (one.cancelled && finish.reason == FinishReason::kCancelled) {
      ASSERT_LE(one.heard->tokens().size(), expected.tokens.size());
      EXPECT_TRUE(std::ranges::equal(one.heard->tokens(),
                                     std::span(expected.tokens).first(one.heard->tokens().size())));
      EXPECT_TRUE(expected.text.starts_with(one.heard->text()));
      continue;
    }
    EXPECT_EQ(finish.reason, expected.reason) << finish.error.message;
    EXPECT_EQ(one.heard->tokens(), expected.tokens);
    EXPECT_EQ(one.heard->text(), expected.text);
    EXPECT_LT(finish.usage.cached_tokens, finish.usage.prompt_tokens);
    EXPECT_LE(finish.usage.accepted_tokens, finish.usage.drafted_tokens);
    DraftCounts sum;
    for (const DraftCounts& counts : finish.usage.by_origin) {
      EXPECT_LE(counts.accepted, counts.drafted);
      sum = {sum.drafted + counts.drafted, sum.accepted + counts.accepted};
    }
    EXPECT_EQ(sum.drafted, finish.usage.drafted_tokens);
    EXPECT_EQ(sum.accepted, finish.usage.accepted_tokens);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomTraffic, ::testing::Range(0u, 150u));

}  // namespace
}  // namespace riposte::engine
