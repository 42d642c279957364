#include "sampling/logprobs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace riposte::sampling {
namespace {

TEST(Logprobs, AreTheLogarithmsOfTheSoftmax) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal(0.0f, 5.0f);
  std::vector<float> logits(1000);
  for (float& logit : logits) logit = normal(random);
  long double sum = 0.0L;
  for (const float logit : logits) sum += std::exp(static_cast<long double>(logit));
  for (TokenId token = 0; token < 1000; token += 37) {
    const auto expected = static_cast<float>(std::log(std::exp((long double)logits[token]) / sum));
    EXPECT_NEAR(log_probabilities(logits, token, 0).chosen.logprob, expected, 1e-5f);
  }
}

TEST(Logprobs, TheTopIsInDescendingOrderAndOfEqualsTheLowerIdComesFirst) {
  const std::vector<float> logits = {1.0f, 3.0f, 2.0f, 3.0f, 0.0f};
  const Logprobs result = log_probabilities(logits, 4, 3);
  ASSERT_EQ(result.top.size(), 3u);
  EXPECT_EQ(result.top[0].token, 1);
  EXPECT_EQ(result.top[1].token, 3);
  EXPECT_EQ(result.top[2].token, 2);
  EXPECT_EQ(result.top[0].logprob, result.top[1].logprob);
  EXPECT_EQ(result.chosen.token, 4);
}

TEST(Logprobs, MoreThanTheVocabularyGivesTheVocabulary) {
  EXPECT_EQ(log_probabilities(std::vector<float>{0.0f, 1.0f}, 0, 20).top.size(), 2u);
}

TEST(Logprobs, ATokenThatCannotBeHasMinusInfinityAndNothingIsNotANumber) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(log_probabilities(std::vector<float>{0.0f, -kInfinity}, 1, 2).chosen.logprob, -kInfinity);
  EXPECT_EQ(log_probabilities(std::vector<float>{0.0f, -kInfinity}, 0, 2).chosen.logprob, 0.0f);
  EXPECT_EQ(log_probabilities(std::vector<float>{nan, 0.0f}, 0, 2).chosen.logprob, -kInfinity);
  EXPECT_EQ(log_probabilities(std::vector<float>{nan, nan}, 0, 2).chosen.logprob, -kInfinity);
}

}  // namespace
}  // namespace riposte::sampling
