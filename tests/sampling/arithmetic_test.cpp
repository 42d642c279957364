#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "sampling/exponential.h"
#include "sampling/params.h"
#include "sampling/philox.h"

namespace riposte::sampling {
namespace {

using Words = std::array<uint32_t, 4>;

TEST(Philox, GivesThePublishedAnswers) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, NumbersOfPositionsAreEvenlySpreadBelowOne) {
  std::array<int, 10> bins{};
  for (int64_t position = 0; position < 100'000; ++position) {
    const double u = uniform(123, position);
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    ++bins[static_cast<size_t>(u * 10)];
  }
  for (const int bin : bins) EXPECT_NEAR(bin, 10'000, 400);  // four standard deviations
}

TEST(Exponential, IsWithinTwoUnitsInTheLastPlace) {
  EXPECT_EQ(exponential(0.0), 1.0);
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> wide(kLeastExponent, 0.0), narrow(-1.0, 0.0);
  for (int i = 0; i < 200'000; ++i) {
    const double x = i % 2 == 0 ? wide(random) : narrow(random);
    const auto exact = std::exp(static_cast<long double>(x));
    ASSERT_LE(std::abs((static_cast<long double>(exponential(x)) - exact) / exact), 2 * 0x1p-52L) << x;
  }
}

TEST(SamplingParams, AreRefusedByNameWhenAbsurd) {
  EXPECT_TRUE(validate({}, 10));
  const auto refusal = [](const SamplingParams& params) {
    const auto result = validate(params, 10);
    return result ? "accepted" : result.error().message;
  };
  EXPECT_EQ(refusal({.temperature = -1.0f}), "temperature must be from 0 to 100, but is -1");
  EXPECT_EQ(refusal({.temperature = NAN}), "temperature must be from 0 to 100, but is nan");
  EXPECT_EQ(refusal({.top_k = -5}), "top_k must be 0 (off) or more, but is -5");
  EXPECT_EQ(refusal({.top_p = 1.5f}), "top_p must be from 0 to 1, but is 1.5");
  EXPECT_EQ(refusal({.min_p = -0.5f}), "min_p must be from 0 to 1, but is -0.5");
  EXPECT_EQ(refusal({.repetition_penalty = 0.0f}), "repetition_penalty must be from 0.01 to 100, but is 0");
  EXPECT_EQ(refusal({.presence_penalty = INFINITY}), "presence_penalty must be from -100 to 100, but is inf");
  EXPECT_EQ(refusal({.frequency_penalty = 101.0f}), "frequency_penalty must be from -100 to 100, but is 101");
  EXPECT_EQ(refusal({.logit_bias = {{10, 1.0f}}}),
            "logit_bias: token 10 is outside the vocabulary of 10 tokens");
  EXPECT_EQ(refusal({.logit_bias = {{1, NAN}}}), "logit_bias must be from -100 to 100, but is nan");
  EXPECT_EQ(refusal({.logit_bias = std::vector<std::pair<TokenId, float>>(11, {1, 1.0f})}),
            "logit_bias has 11 entries, more than the vocabulary's 10 tokens");
}

}  // namespace
}  // namespace riposte::sampling
