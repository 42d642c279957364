// Instructions that stay in KV memory, and come back with the next start.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "engine/step_loop.h"
#include "harness.h"

namespace riposte::engine {
namespace {

class PinsTest : public ::testing::Test {
 protected:
  PinsTest() : folder_(std::filesystem::path(::testing::TempDir()) / ("pins" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(folder_);
  }
  ~PinsTest() override { std::filesystem::remove_all(folder_); }

  struct Run {
    int64_t rows_at_start = 0;  // that instructions cost
    Finish finish;              // of a request that begins with one of them
    std::vector<TokenId> tokens;
  };
  // An engine's life: instructions, one request, the end.
  Run live(const std::string& numbers = "weights 1") {
    testing::FakeExecutor executor(kRoomyLimits);
    const FakeText text;
    StepLoop loop(executor, text,
                  {.pins = {{prompt_of("rewritethis"), prompt_of("rewritethat"), prompt_of("abcd")},
                            folder_ / "model.kv",
                            numbers}});
    loop.begin();
    while (!loop.idle()) loop.step();
    Run run;
    run.rows_at_start = executor.computed_rows;
    const Request request{.prompt = prompt_of("rewritethisplease"), .max_tokens = 5};
    const auto heard = std::make_shared<Heard>();
    auto sequence = std::make_unique<Sequence>(request, heard->listener(), kRoomyLimits.context_length);
    sequence->set_id(1);
    loop.add(std::move(sequence));
    while (!loop.idle()) loop.step();
    run.finish = heard->finish();
    run.tokens = heard->tokens();
    EXPECT_EQ(run.tokens, answer_alone(request, kRoomyLimits.context_length).tokens);
    return run;
  }

  std::filesystem::path folder_;
};

TEST_F(PinsTest, ARequestFindsItsInstructionComputed) {
  const Run run = live();
  EXPECT_EQ(run.finish.usage.cached_tokens, 11);
  EXPECT_EQ(run.rows_at_start, 4 + 11 + 2) << "what they have in common is computed once";
}

TEST_F(PinsTest, TheNextStartComputesNothing) {
  live();
  ASSERT_TRUE(std::filesystem::exists(folder_ / "model.kv"));
  const Run second = live();
  EXPECT_EQ(second.rows_at_start, 0);
  EXPECT_EQ(second.finish.usage.cached_tokens, 11);
}

TEST_F(PinsTest, ASnapshotOfAnotherModelIsReplaced) {
  live("weights 1");
  EXPECT_GT(live("weights 2").rows_at_start, 0);
  EXPECT_EQ(live("weights 2").rows_at_start, 0);
}

TEST_F(PinsTest, ADamagedSnapshotIsComputedAnew) {
  live();
  {
    std::fstream file(folder_ / "model.kv", std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(100);
    file.put('x');
  }
  EXPECT_GT(live().rows_at_start, 0);
  EXPECT_EQ(live().rows_at_start, 0) << "and it is whole again";
}

TEST_F(PinsTest, WhereNothingCanBeWrittenAllElseWorks) {
  std::ofstream(folder_.string()) << "a file where the folder should be";
  EXPECT_EQ(live().finish.usage.cached_tokens, 11);
}

TEST_F(PinsTest, PinnedInstructionsSurviveWhateverElseIsAsked) {
  model::ExecutorLimits limits = kRoomyLimits;
  limits.pages = 12;
  testing::FakeExecutor executor(limits);
  Engine engine(executor, std::make_unique<FakeText>(), {.pins = {{prompt_of("rewritethis")}, {}, {}}});
  submit(engine, {.prompt = prompt_of("rewritethisone"), .max_tokens = 3})->finish();
  for (TokenId token = 1; token < 20; ++token) {
    submit(engine, {.prompt = std::vector<TokenId>(20, token), .max_tokens = 8, .ignore_end = true})
        ->finish();
  }
  const Request request{.prompt = prompt_of("rewritethisplease"), .max_tokens = 3};
  const auto heard = submit(engine, request);
  EXPECT_GE(heard->finish().usage.cached_tokens, 11);
  EXPECT_EQ(heard->tokens(), answer_alone(request, 36).tokens);
}

TEST_F(PinsTest, NoMoreThanHalfOfTheMemoryIsPinned) {
  PinOptions options{{std::vector<TokenId>(9, 1), std::vector<TokenId>(4, 2)}, {}, {}};
  EXPECT_EQ(pages_to_pin(options, kRoomyLimits), 4);
  options.beginnings.emplace_back(1000, 3);
  EXPECT_EQ(pages_to_pin(options, kRoomyLimits), 32);
}

}  // namespace
}  // namespace riposte::engine
