#include "sampling/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "naive_sampler.h"

namespace riposte::sampling {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TokenId choose(const std::vector<float>& logits, const SamplingParams& params, int64_t position = 0) {
  Workspace workspace;
  return Sampler(params, {}).choose({kNoToken, logits}, position, workspace);
}

// The shares with which tokens are drawn over many positions.
std::vector<double> shares(const std::vector<float>& logits, const SamplingParams& params) {
  constexpr int kDraws = 20'000;
  std::vector<double> share(logits.size());
  for (int position = 0; position < kDraws; ++position) {
    share[static_cast<size_t>(choose(logits, params, position))] += 1.0 / kDraws;
  }
  return share;
}

TEST(Argmax, TakesTheLowestIdAmongEquals) {
  EXPECT_EQ(argmax(std::vector<float>{1, 3, 2, 3}), 1);
  std::vector<float> many(1000, -1.0f);
  many[77] = many[500] = 4.0f;
  EXPECT_EQ(argmax(many), 77);
  many[999] = 5.0f;
  EXPECT_EQ(argmax(many), 999);
}

TEST(Argmax, NeverTakesANanWhileThereIsANumber) {
  EXPECT_EQ(argmax(std::vector<float>{kNan, -kInfinity, -5, kNan}), 2);
  EXPECT_EQ(argmax(std::vector<float>{kNan, -kInfinity}), 1);
  EXPECT_EQ(argmax(std::vector<float>{kNan, kNan}), 0);
  EXPECT_EQ(argmax({}), 0);
}

TEST(Sampler, WithoutParametersTakesTheExecutorsArgmax) {
  Workspace workspace;
  const Sampler sampler({}, {});
  EXPECT_FALSE(sampler.needs_logits());
  EXPECT_EQ(sampler.choose({42, {}}, 0, workspace), 42);
}

TEST(Sampler, DrawsInProportionToTheSoftmaxOfLogitsOverTemperature) {
  const std::vector<float> logits{0.0f, std::log(2.0f), std::log(5.0f)};
  auto share = shares(logits, {.temperature = 1.0f, .seed = 1});
  EXPECT_NEAR(share[0], 1 / 8.0, 0.015);
  EXPECT_NEAR(share[1], 2 / 8.0, 0.015);
  EXPECT_NEAR(share[2], 5 / 8.0, 0.015);
  share = shares(logits, {.temperature = 0.5f, .seed = 1});
  EXPECT_NEAR(share[2], 25 / 30.0, 0.015);
}

TEST(Sampler, TopKKeepsTheLowerIdsAmongEquals) {
  const auto share = shares({1, 1, 1, 1, 1, 0}, {.temperature = 1.0f, .top_k = 2, .seed = 3});
  EXPECT_NEAR(share[0], 0.5, 0.02);
  EXPECT_NEAR(share[1], 0.5, 0.02);
}

TEST(Sampler, TopPKeepsTheTokenAtWhichTheMassIsReached) {
  const std::vector<float> logits{std::log(5.0f), std::log(3.0f), std::log(2.0f)};
  auto share = shares(logits, {.temperature = 1.0f, .top_p = 0.6f, .seed = 5});
  EXPECT_NEAR(share[0], 5 / 8.0, 0.02);
  EXPECT_NEAR(share[1], 3 / 8.0, 0.02);
  share = shares(logits, {.temperature = 1.0f, .top_p = 0.0f, .seed = 5});
  EXPECT_NEAR(share[0], 1.0, 1e-9);
}

TEST(Sampler, MinPDropsWhatIsTooFarBelowTheMostLikely) {
  const auto share = shares({std::log(10.0f), std::log(4.0f), std::log(2.0f)},
                            {.temperature = 1.0f, .min_p = 0.3f, .seed = 5});
  EXPECT_NEAR(share[0], 10 / 14.0, 0.02);
  EXPECT_EQ(share[2], 0.0);
}

TEST(Sampler, RepetitionPenaltyCountsPromptAndOutput) {
  Workspace workspace;
  const std::vector<TokenId> prompt{1, 1};
  Sampler sampler({.repetition_penalty = 2.0f}, prompt);
  const std::vector<float> logits{3.0f, 5.0f, -1.0f};
  EXPECT_EQ(sampler.choose({1, logits}, 2, workspace), 0);
  sampler.accept(0);
  EXPECT_EQ(sampler.choose({1, logits}, 3, workspace), 1) << "2.5 against 1.5";
  const std::vector<float> negative{-1.0f, -1.1f, -1.5f};
  EXPECT_EQ(sampler.choose({0, negative}, 3, workspace), 2) << "a penalty makes a negative logit lower";
}

TEST(Sampler, PresenceAndFrequencyCountTheOutputOnly) {
  Workspace workspace;
  const std::vector<TokenId> prompt{1};
  const std::vector<float> logits{3.0f, 4.0f};
  Sampler presence({.presence_penalty = 1.5f}, prompt);
  EXPECT_EQ(presence.choose({1, logits}, 1, workspace), 1);
  presence.accept(1);
  EXPECT_EQ(presence.choose({1, logits}, 2, workspace), 0);
  Sampler frequency({.frequency_penalty = 0.75f}, prompt);
  frequency.accept(1);
  EXPECT_EQ(frequency.choose({1, logits}, 2, workspace), 1);
  frequency.accept(1);
  EXPECT_EQ(frequency.choose({1, logits}, 3, workspace), 0);
}

TEST(Sampler, BiasesOfOneTokenAddUp) {
  EXPECT_EQ(choose({1, 0, 0}, {.logit_bias = {{2, 0.75f}, {2, 0.75f}}}), 2);
  EXPECT_EQ(choose({1, 0, 0}, {.logit_bias = {{0, -100.0f}}}), 1);
}

TEST(Sampler, CopesWithLogitsThatAreNotNumbers) {
  const SamplingParams plain{.temperature = 1.0f};
  const SamplingParams top_k{.temperature = 1.0f, .top_k = 2};
  const SamplingParams top_p{.temperature = 1.0f, .top_p = 0.9f};
  for (const SamplingParams& params : {plain, top_k, top_p}) {
    for (int position = 0; position < 50; ++position) {
      EXPECT_EQ(choose({kNan, -kInfinity, 2, kNan}, params, position), 2);
      EXPECT_EQ(choose({1, 2, kInfinity, kInfinity}, params, position), 2);
      EXPECT_EQ(choose({-kInfinity, -kInfinity}, params, position), 0);
      EXPECT_EQ(choose({kNan, kNan}, params, position), 0);
    }
  }
}

TEST(Sampler, CopesWithExtremeTemperatures) {
  EXPECT_EQ(choose({1, 2, 1.5f}, {.temperature = 1e-45f}), 1);
  EXPECT_EQ(choose({-3e38f, 3e38f}, {.temperature = 1e-3f}), 1);
  const auto share = shares({0, 20}, {.temperature = 100.0f, .top_k = 50, .seed = 9});
  EXPECT_NEAR(share[0], 1 / (1 + std::exp(0.2)), 0.02);
}

TEST(Sampler, AChoiceDependsOnSeedAndPositionAlone) {
  const std::vector<float> flat(64, 0.0f);
  int differ_by_position = 0;
  int differ_by_seed = 0;
  for (int position = 0; position < 100; ++position) {
    const TokenId token = choose(flat, {.temperature = 1.0f, .seed = 7}, position);
    EXPECT_EQ(choose(flat, {.temperature = 1.0f, .seed = 7}, position), token);
    differ_by_position += choose(flat, {.temperature = 1.0f, .seed = 7}, position + 1) != token;
    differ_by_seed += choose(flat, {.temperature = 1.0f, .seed = uint64_t{7} << 32}, position) != token;
  }
  EXPECT_GT(differ_by_position, 80);
  EXPECT_GT(differ_by_seed, 80);
}

TEST(Sampler, EqualsTheSpecificationForRandomRequests) {
  std::mt19937 random(11);
  const auto pick = [&random](auto... values) {
    const std::common_type_t<decltype(values)...> all[] = {values...};
    return all[random() % sizeof...(values)];
  };
  Workspace workspace;
  for (int round = 0; round < 3000; ++round) {
    const auto vocabulary = static_cast<size_t>(pick(2, 63, 64, 65, 1000, 5000));
    std::vector<float> logits(vocabulary);
    std::normal_distribution<float> normal(0.0f, pick(0.1f, 1.0f, 4.0f, 30.0f));
    const bool coarse = random() % 2 == 0;  // many equal logits
    for (float& logit : logits) {
      logit = normal(random);
      if (coarse) logit = std::round(logit);
      if (random() % 50 == 0) logit = pick(kNan, -kInfinity);
    }
    std::vector<TokenId> prompt, output;
    const auto token = [&] { return static_cast<TokenId>(random() % vocabulary); };
    for (size_t i = random() % 20; i > 0; --i) prompt.push_back(token());
    for (size_t i = random() % 20; i > 0; --i) output.push_back(token());
    SamplingParams params;
    params.temperature = pick(0.0f, 0.1f, 0.7f, 1.0f, 5.0f);
    params.top_k = pick(0, 0, 1, 5, 40, 200, 100'000);
    params.top_p = pick(1.0f, 1.0f, 0.999999f, 0.95f, 0.5f, 0.01f, 0.0f);
    params.min_p = pick(0.0f, 0.0f, 0.05f, 0.5f, 1.0f);
    params.repetition_penalty = pick(1.0f, 1.0f, 1.3f, 0.8f);
    params.presence_penalty = pick(0.0f, 0.0f, 0.6f, -0.3f);
    params.frequency_penalty = pick(0.0f, 0.0f, 0.2f);
    for (int i = pick(0, 0, 3); i > 0; --i)
      params.logit_bias.emplace_back(token(), pick(-100.0f, -1.0f, 2.0f));
    params.seed = random();
    if (!params.needs_logits()) continue;
    Sampler sampler(params, prompt);
    for (const TokenId accepted : output) sampler.accept(accepted);
    const auto position = static_cast<int64_t>(prompt.size() + output.size());
    ASSERT_EQ(sampler.choose({kNoToken, logits}, position, workspace),
              naive_choice(logits, params, prompt, output, position))
        << "round " << round;
  }
}

TEST(Sampler, OnlyAllowedTokensAreChosen) {
  Workspace workspace;
  const constraint::TokenSet allowed = {0b10110};
  const std::vector<float> logits = {9, 1, 2, 8, 2};
  const auto among = [&](const std::vector<float>& row, const SamplingParams& params, int64_t position) {
    return Sampler(params, {}).choose({kNoToken, row}, position, workspace, allowed);
  };
  EXPECT_EQ(among(logits, {}, 0), 2) << "the highest of them, the lowest id among equals";
  for (int64_t position = 0; position < 200; ++position) {
    EXPECT_TRUE(constraint::contains(allowed, among(logits, {.temperature = 3, .seed = 1}, position)));
    EXPECT_EQ(among(logits, {.temperature = 3, .top_k = 1, .seed = 1}, position), 2);
  }
  const float never = -std::numeric_limits<float>::infinity();
  for (const float temperature : {0.0f, 1.0f}) {
    EXPECT_EQ(among({9, never, never, 8, never}, {.temperature = temperature}, 0), 1) << "the lowest of them";
  }
}

}  // namespace
}  // namespace riposte::sampling
