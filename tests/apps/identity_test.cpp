// The prover itself: it must find nothing where nothing is wrong, and find what is wrong.
#include "apps/identity.h"

#include <gtest/gtest.h>

#include "apps/scatter_drafter.h"
#include "support/byte_tokenizer.h"
#include "support/fake_executor.h"

namespace riposte::apps {
namespace {

constexpr model::ExecutorLimits kLimits{.page_size = 16,
                                        .pages = 200,
                                        .max_rows = 64,
                                        .max_logit_rows = 64,
                                        .vocabulary = riposte::testing::kByteVocabulary,
                                        .context_length = 200};

std::vector<engine::Request> requests() {
  std::vector<engine::Request> all;
  for (TokenId i = 0; i < 20; ++i) {
    engine::Request request;
    for (TokenId token = 10; token < 40; ++token) request.prompt.push_back(token + i % 5);
    request.source = {request.prompt.begin() + 20, request.prompt.end()};
    request.max_tokens = 30;
    request.ignore_end = true;
    if (i % 2 == 1)
      request.sampling = {.temperature = 0.5f, .repetition_penalty = 1.2f, .seed = static_cast<uint64_t>(i)};
    all.push_back(request);
  }
  return all;
}

// Answers some rows of steps with branches wrongly, as an executor would that mixes branches up.
class Mistaken final : public riposte::testing::FakeExecutor {
 public:
  using FakeExecutor::FakeExecutor;
  Result<model::StepResult> step(const model::StepBatch& batch) override {
    auto result = FakeExecutor::step(batch);
    if (!result || batch.also_in.empty()) return result;
    argmax_.assign(result->argmax.begin(), result->argmax.end());
    for (TokenId& token : argmax_) {
      if (token != kNoToken) token = (token + 1) % kLimits.vocabulary;
    }
    result->argmax = argmax_;
    return result;
  }

 private:
  std::vector<TokenId> argmax_;
};

struct Checked {
  Checked(model::Executor& executor, bool every_way) {
    ways.push_back({"scatter", std::make_unique<ScatterDrafter>(kLimits.vocabulary)});
    ways.push_back({"more", std::make_unique<ScatterDrafter>(kLimits.vocabulary)});
    identity = std::make_unique<Identity>(executor, tokenizer, ways, IdentityOptions{.every_way = every_way});
    for (int group = 0; group < 2; ++group) {
      const auto checked = identity->check(requests());
      EXPECT_TRUE(checked) << checked.error().message;
    }
  }
  const tokenizer::Tokenizer tokenizer = riposte::testing::byte_tokenizer();
  std::vector<Way> ways;
  std::unique_ptr<Identity> identity;
};

TEST(Identity, FindsNothingWhereGuessesChangeNothing) {
  riposte::testing::FakeExecutor executor(kLimits);
  const Checked checked(executor, true);
  EXPECT_EQ(checked.identity->differing_answers(), 0);
  EXPECT_TRUE(checked.identity->differences().empty());
  for (const size_t way : {0, 1}) {
    for (const IdentityCount& count : {checked.identity->alone(way), checked.identity->crowd(way)}) {
      EXPECT_EQ(count.answers, 40);
      EXPECT_EQ(count.tokens, 40 * 30);
      EXPECT_LT(count.passes, count.tokens) << "some guesses were right";
      EXPECT_GT(count.drafted, count.accepted) << "and some wrong";
      EXPECT_EQ(count.differing_bytes, 0);
    }
  }
}

TEST(Identity, WaysTakeTurns) {
  riposte::testing::FakeExecutor executor(kLimits);
  const Checked checked(executor, false);
  int64_t answers = 0;
  for (const size_t way : {0, 1})
    answers += checked.identity->alone(way).answers + checked.identity->crowd(way).answers;
  EXPECT_EQ(answers, 2 * 2 * 20) << "each group once alone and once in a crowd";
  EXPECT_EQ(checked.identity->alone(0).answers, 20);
  EXPECT_EQ(checked.identity->alone(1).answers, 20);
}

TEST(Identity, FindsAnExecutorThatMixesBranchesUp) {
  Mistaken executor(kLimits);
  const Checked checked(executor, true);
  EXPECT_GT(checked.identity->differing_answers(), 0);
  ASSERT_FALSE(checked.identity->differences().empty());
  const Difference& first = checked.identity->differences().front();
  EXPECT_NE(first.expected, first.found);
  EXPECT_EQ(first.way, "scatter, alone");
}

TEST(Identity, PassesOnWhatTheEngineRefuses) {
  riposte::testing::FakeExecutor executor(kLimits);
  std::vector<Way> ways;
  ways.push_back({"scatter", std::make_unique<ScatterDrafter>(kLimits.vocabulary)});
  const auto tokenizer = riposte::testing::byte_tokenizer();
  Identity identity(executor, tokenizer, ways, {});
  auto bad = requests();
  bad[3].prompt.clear();
  EXPECT_FALSE(identity.check(bad));
  executor.before_step = [](const model::StepBatch&) { return fail(ErrorCode::kInternal, "broken"); };
  EXPECT_FALSE(identity.check(requests()));
  EXPECT_TRUE(identity.check({}));
}

TEST(Identity, CountsBytesThatDiffer) {
  EXPECT_EQ(differing_bytes("", ""), 0);
  EXPECT_EQ(differing_bytes("abc", "abc"), 0);
  EXPECT_EQ(differing_bytes("abc", "axc"), 1);
  EXPECT_EQ(differing_bytes("abc", "ab"), 1);
  EXPECT_EQ(differing_bytes("", "four"), 4);
}

}  // namespace
}  // namespace riposte::apps
