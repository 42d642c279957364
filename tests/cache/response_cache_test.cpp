#include "cache/response_cache.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "cache/recorder.h"

namespace riposte::cache {
namespace {

CachedAnswer answer(std::string text) {
  CachedAnswer made;
  made.text = std::move(text);
  made.finish.usage = {.prompt_tokens = 10, .output_tokens = 2, .passes = 2};
  return made;
}

class ResponseCacheTest : public ::testing::Test {
 protected:
  std::string found(ResponseCache& cache, std::string_view key) {
    const auto kept = cache.find(key);
    return kept ? kept->text : "nothing";
  }

  ResponseCache::Clock::time_point time_{};
  ResponseCache::Now now_ = [this] { return time_; };
};

TEST_F(ResponseCacheTest, WhatWasPutIsFoundUntilItIsReplaced) {
  ResponseCache cache({}, now_);
  EXPECT_EQ(found(cache, "a"), "nothing");
  cache.put("a", answer("1"));
  EXPECT_EQ(found(cache, "a"), "1");
  cache.put("a", answer("2"));
  EXPECT_EQ(found(cache, "a"), "2");
  EXPECT_EQ(cache.counts().entries, 1);
  EXPECT_EQ(cache.counts().hits, 2);
  EXPECT_EQ(cache.counts().misses, 1);
}

TEST_F(ResponseCacheTest, AnAnswerLeavesWhenItsTimeIsOver) {
  ResponseCache cache({.time_to_live = std::chrono::seconds(10)}, now_);
  cache.put("a", answer("1"));
  time_ += std::chrono::milliseconds(9999);
  EXPECT_EQ(found(cache, "a"), "1");
  time_ += std::chrono::milliseconds(1);
  EXPECT_EQ(found(cache, "a"), "nothing");
  EXPECT_EQ(cache.counts().bytes, 0);
}

TEST_F(ResponseCacheTest, TheLongestUnusedLeavesFirstWhenTheBudgetIsSpent) {
  ResponseCache cache({.max_bytes = 4000}, now_);
  cache.put("a", answer(std::string(1000, 'a')));
  cache.put("b", answer(std::string(1000, 'b')));
  EXPECT_NE(found(cache, "a"), "nothing");
  cache.put("c", answer(std::string(1000, 'c')));
  EXPECT_EQ(found(cache, "b"), "nothing");
  EXPECT_NE(found(cache, "a"), "nothing");
  EXPECT_NE(found(cache, "c"), "nothing");
  EXPECT_LE(cache.counts().bytes, 4000);
}

TEST_F(ResponseCacheTest, AnAnswerBeyondTheBudgetIsNotKeptAndDrivesNobodyOut) {
  ResponseCache cache({.max_bytes = 4000}, now_);
  cache.put("a", answer("1"));
  cache.put("b", answer(std::string(5000, 'b')));
  EXPECT_EQ(found(cache, "a"), "1");
  EXPECT_EQ(found(cache, "b"), "nothing");
}

TEST_F(ResponseCacheTest, ManyThreadsFindWhatEachOfThemPut) {
  ResponseCache cache({.max_bytes = 100'000});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&cache, t] {
      for (int i = 0; i < 2000; ++i) {
        const std::string key = std::to_string((i * 7 + t) % 300);
        cache.put(key, answer(key));
        const auto kept = cache.find(key);
        if (kept) {
          EXPECT_EQ(kept->text, key);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(cache.counts().bytes, 100'000);
}

TEST(RequestKey, EverythingThatDecidesAnAnswerIsPartOfIt) {
  const engine::Request plain{
      .prompt = {1, 2, 3}, .max_tokens = 9, .sampling = {.temperature = 1.0f, .seed = 1}};
  std::vector<engine::Request> others(15, plain);
  others[0].prompt = {1, 2};
  others[1].max_tokens = 10;
  others[2].stop = {"x"};
  others[3].ignore_end = true;
  others[4].sampling.temperature = 0.5f;
  others[5].sampling.seed = 2;
  others[6].sampling.top_k = 3;
  others[7].sampling.top_p = 0.5f;
  others[8].sampling.min_p = 0.5f;
  others[9].sampling.logit_bias = {{1, 2.0f}};
  others[10].sampling.top_logprobs = 0;
  others[11].sampling.frequency_penalty = 1.0f;
  others[12].owner = 5;
  others[13].pooling = engine::Pooling::kMean;
  others[14].pooling = engine::Pooling::kLast;
  EXPECT_NE(request_key("model", others[13]), request_key("model", others[14]));
  const std::string key = request_key("model", plain);
  for (const engine::Request& other : others) EXPECT_NE(request_key("model", other), key);
  EXPECT_NE(request_key("other", plain), key);
  EXPECT_EQ(request_key("model", plain), key);
}

TEST(RequestKey, WhatOnlyChangesSpeedIsNot) {
  const engine::Request plain{.prompt = {1, 2, 3}};
  engine::Request other = plain;
  other.source = {5};
  other.prediction = {6};
  other.sampling.seed = 7;  // greedy
  EXPECT_EQ(request_key("m", plain), request_key("m", other));
}

TEST(RequestKey, TheSourceIsAPartWhereEditsMayBeTakenBack) {
  engine::Request plain{.prompt = {1, 2, 3}, .source = {5}};
  engine::Request sure = plain;
  sure.edit_confidence = 0.8f;
  EXPECT_NE(request_key("m", plain), request_key("m", sure));
  engine::Request other = sure;
  other.source = {6};
  EXPECT_NE(request_key("m", sure), request_key("m", other));
  plain.edit_confidence = 0.5f;
  EXPECT_EQ(request_key("m", plain), request_key("m", engine::Request{.prompt = {1, 2, 3}}));
}

TEST(Recorder, AnAnswerIsToldTwiceAlike) {
  const auto cache = std::make_shared<ResponseCache>(ResponseCacheOptions{});
  std::string text;
  std::vector<engine::Finish> ends;
  const engine::Listener listener{
      .on_text = [&](std::string_view more, std::span<const TokenId>) { text += more; },
      .on_finish = [&](const engine::Finish& finish) { ends.push_back(finish); }};
  const engine::Listener both = recorded(cache, "key", listener);
  both.on_text("he ", {});
  both.on_text("goes", {});
  EXPECT_EQ(cache->find("key"), nullptr) << "not before the end";
  engine::Finish finish;
  finish.reason = engine::FinishReason::kLength;
  finish.usage = {.prompt_tokens = 10, .cached_tokens = 3, .output_tokens = 2, .passes = 2};
  both.on_finish(finish);
  const auto kept = cache->find("key");
  ASSERT_NE(kept, nullptr);
  replay(*kept, listener);
  EXPECT_EQ(text, "he goeshe goes");
  ASSERT_EQ(ends.size(), 2u);
  EXPECT_EQ(ends[1].reason, engine::FinishReason::kLength);
  EXPECT_EQ(ends[1].usage.output_tokens, 2);
  EXPECT_EQ(ends[1].usage.cached_tokens, 10);
  EXPECT_EQ(ends[1].usage.passes, 0);
}

TEST(Recorder, AnAnswerThatFailedIsNotKept) {
  const auto cache = std::make_shared<ResponseCache>(ResponseCacheOptions{});
  for (const auto reason : {engine::FinishReason::kCancelled, engine::FinishReason::kError}) {
    engine::Finish finish;
    finish.reason = reason;
    recorded(cache, "key", {}).on_finish(finish);
  }
  EXPECT_EQ(cache->find("key"), nullptr);
}

}  // namespace
}  // namespace riposte::cache
