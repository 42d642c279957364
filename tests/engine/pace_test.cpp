#include "engine/pace.h"

#include <gtest/gtest.h>

namespace riposte::engine {
namespace {

using std::chrono::milliseconds;

// A step of n rows takes 10 + n ms.
std::vector<float> cost() {
  std::vector<float> cost;
  for (int rows = 1; rows <= 32; ++rows) cost.push_back(10.0f + static_cast<float>(rows));
  return cost;
}

const Clock::time_point kNow = Clock::time_point(std::chrono::hours(1));

TEST(Pace, WorkIsWhatARequestTakesAlone) {
  const Pace pace(cost());
  EXPECT_DOUBLE_EQ(pace.prompt_work(100), 100.0);
  EXPECT_DOUBLE_EQ(pace.answer_work(10), 110.0);
  EXPECT_DOUBLE_EQ(pace.work_of(100, 10), 210.0);
  EXPECT_DOUBLE_EQ(pace.ms_for(210), 210.0);
}

TEST(Pace, LearnsHowMuchOfPromptsIsInTheCache) {
  Pace pace(cost());
  for (int i = 0; i < 200; ++i) pace.observe_prompt(100, 80);
  EXPECT_NEAR(pace.work_of(100, 0), 20.0, 0.1);
}

TEST(Pace, LearnsHowFastWorkGetsDone) {
  Pace pace(cost());
  for (int i = 0; i < 200; ++i) pace.observe_step(/*work=*/40, /*ms=*/10);
  EXPECT_NEAR(pace.ms_for(100), 25.0, 0.1);
  for (int i = 0; i < 200; ++i) pace.observe_step(0, 1000);
  EXPECT_NEAR(pace.ms_for(100), 25.0, 0.1) << "a step without work says nothing";
}

TEST(Pace, WithoutAMeasurementAPromptStillCounts) {
  const Pace pace({});
  EXPECT_GT(pace.work_of(1000, 10), pace.work_of(10, 10));
  EXPECT_GT(pace.work_of(10, 100), pace.work_of(10, 10));
}

TEST(ExpectedAnswer, ARewritingIsAboutAsLongAsItsSource) {
  Request request{.prompt = {1}, .source = std::vector<TokenId>(40, 1), .max_tokens = 1000};
  EXPECT_EQ(expected_answer(request), 54);
  request.max_tokens = 10;
  EXPECT_EQ(expected_answer(request), 10);
  request.max_tokens = 0;
  EXPECT_EQ(expected_answer(request), 0);
}

TEST(ExpectedAnswer, OfOthersTheLimitIsKnown) {
  Request request{.prompt = {1}, .max_tokens = 30};
  EXPECT_EQ(expected_answer(request), 30);
  request.max_tokens = 1'000'000;
  EXPECT_EQ(expected_answer(request), 128);
  request.prediction = std::vector<TokenId>(7, 1);
  EXPECT_EQ(expected_answer(request), 7);
  request.ignore_end = true;
  EXPECT_EQ(expected_answer(request), 1'000'000);
}

TEST(Turn, AShorterRequestOvertakesUntilTheLongerOneHasWaitedItsMeasure) {
  const auto longer = turn_of(kNow, 1000);
  EXPECT_LT(turn_of(kNow + milliseconds(3500), 100), longer);
  EXPECT_GT(turn_of(kNow + milliseconds(3700), 100), longer);
  EXPECT_GT(turn_of(kNow + milliseconds(4001), 0), longer) << "nobody who comes later than that overtakes";
  EXPECT_GT(turn_of(kNow, 1e300), kNow);
}

Forecast forecast_with(int waiting, double work) {
  Forecast forecast{Pace(cost()), {}};
  for (int i = 0; i < waiting; ++i) forecast.others.push_back({kNow, work, false});
  return forecast;
}

Forecast::Other within(int ms, double work) { return {kNow, work, false, kNow + milliseconds(ms)}; }

TEST(Forecast, ADeadlineThatIsFarEnoughIsAccepted) {
  EXPECT_TRUE(forecast_with(0, 0).check_deadline(within(300, 200), kNow));
  EXPECT_TRUE(forecast_with(2, 100).check_deadline(within(501, 200), kNow));
}

TEST(Forecast, ADeadlineThatNobodyCouldMeetIsRefused) {
  const auto refused = forecast_with(0, 0).check_deadline(within(100, 200), kNow);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kDeadline);
  EXPECT_EQ(refused.error().message,
            "the deadline of 100 ms cannot be met: the answer alone would take about 200 ms; give more time, "
            "or ask for less");
  EXPECT_EQ(forecast_with(0, 0).check_deadline(within(0, 1), kNow).error().code, ErrorCode::kDeadline);
}

TEST(Forecast, ADeadlineThatTheQueueDefeatsIsRefusedWithATimeToComeBack) {
  const auto refused = forecast_with(3, 100).check_deadline(within(300, 200), kNow);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kBusy);
  EXPECT_EQ(refused.error().retry_after_ms, 325) << "a quarter more than 500 ms, less 300";
}

TEST(Forecast, OnlyThoseBeforeItDelayARequest) {
  Forecast forecast = forecast_with(1, 100);
  EXPECT_DOUBLE_EQ(forecast.ms_until_done({kNow - milliseconds(1), 50}), 50.0) << "a later turn waits";
  EXPECT_DOUBLE_EQ(forecast.ms_until_done({kNow, 50}), 150.0);
  forecast.others[0].runs = true;
  EXPECT_DOUBLE_EQ(forecast.ms_until_done({kNow, 50}), 100.0) << "half of each step until it is done";
}

TEST(Forecast, WhatWasPromisedToOthersIsKept) {
  Forecast forecast = forecast_with(1, 100);
  Forecast::Other& other = forecast.others[0];
  other.runs = true;
  other.deadline = kNow + milliseconds(170);  // 100 ms of work, so 125 ms to be safe
  EXPECT_TRUE(forecast.check_deadline(within(1000, 30), kNow));
  const auto refused = forecast.check_deadline(within(1000, 50), kNow);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kBusy);
  EXPECT_EQ(refused.error().retry_after_ms, 50) << "the least";
  other.deadline = kNow + milliseconds(90);
  EXPECT_TRUE(forecast.check_deadline(within(1000, 50), kNow)) << "the other is late in any case";
  other.deadline.reset();
  EXPECT_TRUE(forecast.check_deadline(within(1000, 50), kNow)) << "the other has none";
}

}  // namespace
}  // namespace riposte::engine
