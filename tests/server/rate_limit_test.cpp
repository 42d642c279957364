#include "server/rate_limit.h"

#include <gtest/gtest.h>

#include <optional>

namespace riposte::server {
namespace {

using std::chrono::milliseconds;

class RateLimitTest : public ::testing::Test {
 protected:
  RateLimit limit(const KeyLimits& limits) {
    return RateLimit(limits, [this] { return time_; });
  }
  RateLimit::Clock::time_point time_{};
};

TEST_F(RateLimitTest, AMinutesRequestsMayComeAtOnceAndThenOneByOne) {
  RateLimit requests = limit({.requests_per_minute = 6});
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(requests.enter()) << i;
  const auto refused = requests.enter();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().retry_after, milliseconds(10'000));
  time_ += milliseconds(9'000);
  EXPECT_EQ(requests.enter().error().retry_after, milliseconds(1'000));
  time_ += milliseconds(1'000);
  EXPECT_TRUE(requests.enter());
  EXPECT_FALSE(requests.enter());
  time_ += std::chrono::hours(1);
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(requests.enter()) << i;
  EXPECT_FALSE(requests.enter());
}

TEST_F(RateLimitTest, APlaceIsFreeAgainWhenItsRequestHasEnded) {
  RateLimit places = limit({.concurrent = 2});
  std::optional<RateLimit::Permit> first = *places.enter();
  const auto second = places.enter();
  EXPECT_TRUE(second);
  EXPECT_FALSE(places.enter());
  first.reset();
  EXPECT_TRUE(places.enter());
}

TEST_F(RateLimitTest, WithoutLimitsEverybodyMayEnter) {
  RateLimit none = limit({});
  std::vector<RateLimit::Permit> permits;
  for (int i = 0; i < 10'000; ++i) permits.push_back(*none.enter());
}

TEST_F(RateLimitTest, ARequestThatFindsNoPlaceDoesNotCount) {
  RateLimit both = limit({.requests_per_minute = 2, .concurrent = 1});
  std::optional<RateLimit::Permit> first = *both.enter();
  EXPECT_FALSE(both.enter());
  EXPECT_FALSE(both.enter());
  first.reset();
  EXPECT_TRUE(both.enter());
}

}  // namespace
}  // namespace riposte::server
