#include "cache/answer_codec.h"

#include <gtest/gtest.h>
#include <xxhash.h>

#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <string>

namespace riposte::cache {
namespace {

const KeyHash kKey = hash_of_key("key");
const Plausible kPlausible{.vocabulary = 100, .prompt_tokens = 7, .max_tokens = 9};

CachedAnswer sample() {
  CachedAnswer answer;
  answer.text = "Größe";
  answer.logprobs = {{{1, -0.5f}, {{1, -0.5f}, {2, -1.0f}}},
                     {{99, -std::numeric_limits<float>::infinity()}, {}}};
  answer.finish.reason = engine::FinishReason::kLength;
  answer.finish.usage = {.prompt_tokens = 7, .output_tokens = 2};
  return answer;
}

// The bytes with a checksum that fits: what a malicious writer would send.
std::string summed(std::string bytes) {
  bytes.resize(bytes.size() - sizeof(XXH64_hash_t));
  const XXH64_hash_t sum = XXH3_64bits(bytes.data(), bytes.size());
  return bytes.append(reinterpret_cast<const char*>(&sum), sizeof sum);
}

TEST(AnswerCodec, AnAnswerComesBackAsItWas) {
  const CachedAnswer answer = sample();
  const auto back = decode_answer(encode_answer(kKey, answer), kKey, kPlausible);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->text, answer.text);
  ASSERT_EQ(back->logprobs.size(), 2u);
  EXPECT_EQ(back->logprobs[0].top[1].token, 2);
  EXPECT_EQ(back->logprobs[0].top[1].logprob, -1.0f);
  EXPECT_TRUE(std::isinf(back->logprobs[1].chosen.logprob));
  EXPECT_EQ(back->finish.reason, engine::FinishReason::kLength);
  EXPECT_EQ(back->finish.usage.prompt_tokens, 7);
  EXPECT_EQ(back->finish.usage.output_tokens, 2);
}

TEST(AnswerCodec, AVectorComesBackBitForBitOrNotAtAll) {
  CachedAnswer vector;
  vector.finish.reason = engine::FinishReason::kLength;
  vector.finish.usage.prompt_tokens = 7;
  vector.finish.embedding = {0.1f, -0.0f, 3e38f};
  const std::string bytes = encode_answer(kKey, vector);
  Plausible plausible = kPlausible;
  plausible.embedding = 3;
  const auto back = decode_answer(bytes, kKey, plausible);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->finish.embedding, vector.finish.embedding);
  EXPECT_TRUE(std::signbit(back->finish.embedding[1]));
  for (const int32_t other : {0, 2, 4}) {
    plausible.embedding = other;
    EXPECT_FALSE(decode_answer(bytes, kKey, plausible)) << other;
  }
  vector.finish.embedding[0] = std::nanf("");
  EXPECT_FALSE(decode_answer(encode_answer(kKey, vector), kKey, kPlausible));
}

TEST(AnswerCodec, NothingThatWasCutOrChangedIsBelieved) {
  const std::string bytes = encode_answer(kKey, sample());
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(decode_answer(bytes.substr(0, length), kKey, kPlausible)) << length;
  }
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(decode_answer(changed, kKey, kPlausible)) << i;
  }
  EXPECT_FALSE(decode_answer(bytes + "x", kKey, kPlausible));
}

TEST(AnswerCodec, NothingImplausibleIsBelievedThoughItsChecksumFits) {
  const auto refused = [](const std::function<void(CachedAnswer&)>& change) {
    CachedAnswer answer = sample();
    change(answer);
    return !decode_answer(encode_answer(kKey, answer), kKey, kPlausible);
  };
  EXPECT_TRUE(refused([](auto& a) { a.text = "\xff"; }));
  EXPECT_TRUE(refused([](auto& a) { a.logprobs[0].chosen.token = 100; }));
  EXPECT_TRUE(refused([](auto& a) { a.logprobs[0].top[0].token = -1; }));
  EXPECT_TRUE(refused([](auto& a) { a.logprobs[0].chosen.logprob = std::nanf(""); }));
  EXPECT_TRUE(refused([](auto& a) { a.logprobs[0].chosen.logprob = 0.5f; }));
  EXPECT_TRUE(refused([](auto& a) { a.finish.usage.prompt_tokens = 8; }));
  EXPECT_TRUE(refused([](auto& a) { a.finish.usage.output_tokens = 10; }));
  EXPECT_TRUE(refused([](auto& a) { a.finish.usage.output_tokens = -1; }));
  EXPECT_TRUE(refused([](auto& a) { a.finish.reason = engine::FinishReason::kError; }));
  EXPECT_FALSE(decode_answer(encode_answer(hash_of_key("another"), sample()), kKey, kPlausible));
}

TEST(AnswerCodec, HostileBytesAreRefusedOrAreWhatWouldBeWritten) {
  std::mt19937 random(1);
  const std::string bytes = encode_answer(kKey, sample());
  for (int i = 0; i < 20'000; ++i) {
    std::string hostile = bytes;
    const auto changes = 1 + random() % 4;
    for (uint32_t c = 0; c < changes; ++c) hostile[random() % hostile.size()] = static_cast<char>(random());
    hostile = summed(hostile);
    const auto answer = decode_answer(hostile, kKey, kPlausible);
    if (answer) {
      EXPECT_EQ(encode_answer(kKey, *answer), hostile);
    }
  }
}

}  // namespace
}  // namespace riposte::cache
