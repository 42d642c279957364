#include "drafting/choose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace riposte::drafting {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int32_t kRoot = Draft::kNoParent;

// Flat up to 4 rows, then 2 more for each.
std::vector<float> bent_cost(size_t rows = 64) {
  std::vector<float> cost;
  for (size_t n = 1; n <= rows; ++n) cost.push_back(10.0f + 2.0f * static_cast<float>(n > 4 ? n - 4 : 0));
  return cost;
}

Draft chain_of(size_t length, float chance) {
  Draft draft;
  for (size_t i = 0; i < length; ++i) draft.add(static_cast<TokenId>(i), static_cast<int32_t>(i) - 1, chance);
  return draft;
}

size_t chosen_of(const Draft& draft, std::span<const float> cost, int32_t other_rows = 0, int32_t most = 100,
                 int32_t other_answers = 0) {
  Draft chosen;
  choose(draft, cost, other_rows, most, chosen, other_answers);
  EXPECT_TRUE(is_valid(chosen, 1000));
  return chosen.size();
}

TEST(Choose, TakesWhatIsFreeAndWhatIsLikely) {
  EXPECT_EQ(chosen_of(chain_of(10, 0.3f), bent_cost()), 3u) << "rows 2 to 4 cost nothing";
  EXPECT_EQ(chosen_of(chain_of(10, 1.0f), bent_cost()), 10u);
  EXPECT_EQ(chosen_of(chain_of(10, 0.01f), std::vector<float>{1, 2, 3}), 0u)
      << "every row costs as much as a token";
  EXPECT_EQ(chosen_of(chain_of(10, 0.1f), {}), 10u) << "nothing is known of costs";
}

TEST(Choose, TakesNoMoreThanItMay) {
  EXPECT_EQ(chosen_of(chain_of(10, 1.0f), bent_cost(), 0, 6), 6u);
  EXPECT_EQ(chosen_of(chain_of(10, 1.0f), bent_cost(), 0, 0), 0u);
  EXPECT_EQ(chosen_of(chain_of(10, 1.0f), bent_cost(), 0, -5), 0u);
  EXPECT_EQ(chosen_of({}, bent_cost()), 0u);
}

TEST(Choose, PicksTheLikeliestBranchesWithTheirParents) {
  Draft draft;
  const int32_t likely = draft.add(1, kRoot, 0.6f, Origin::kSource);
  const int32_t other = draft.add(2, kRoot, 0.3f, Origin::kHistory);
  draft.add(3, other, 0.9f);                   // 0.27
  draft.add(4, likely, 0.1f);                  // 0.06
  draft.add(5, likely, 0.8f, Origin::kModel);  // 0.48
  Draft chosen;
  choose(draft, {}, 0, 3, chosen);
  EXPECT_THAT(chosen.tokens, ElementsAre(1, 5, 2));
  EXPECT_THAT(chosen.parents, ElementsAre(-1, 0, -1));
  EXPECT_THAT(chosen.chances, ElementsAre(0.6f, 0.8f, 0.3f));
  EXPECT_THAT(chosen.origins, ElementsAre(Origin::kSource, Origin::kModel, Origin::kHistory));
}

TEST(Choose, AnswersOfOthersAndTheirRowsRaiseThePrice) {
  const Draft draft = chain_of(20, 0.9f);
  const size_t alone = chosen_of(draft, bent_cost());
  const size_t beside_two = chosen_of(draft, bent_cost(), 2, 100, 2);
  const size_t beside_twenty = chosen_of(draft, bent_cost(), 20, 100, 20);
  EXPECT_GT(alone, beside_two);
  EXPECT_GT(beside_two, beside_twenty);
}

TEST(Choose, BesideThePromptAGuessIsChargedWhatItAdds) {
  const Draft draft = chain_of(20, 0.8f);
  const size_t in_prefill = chosen_of(draft, bent_cost(), 40);
  EXPECT_GT(in_prefill, 0u);
  EXPECT_LE(in_prefill, chosen_of(draft, bent_cost())) << "all its rows are beyond the flat part";
  EXPECT_EQ(chosen_of(chain_of(20, 0.05f), bent_cost(), 40), 0u);
}

TEST(Choose, NoOtherNumberOfGuessesGivesMoreTokensForTheCost) {
  std::mt19937 random(7);
  std::uniform_real_distribution<float> chance(0.05f, 1.0f);
  for (int round = 0; round < 200; ++round) {
    Draft draft;
    double expected = 1;
    std::vector<double> sums{1};
    double cumulative = 1;
    for (int32_t i = 0; i < 12; ++i) {
      const float c = chance(random);
      draft.add(i, i - 1, c);
      cumulative *= c;
      sums.push_back(expected += cumulative);
    }
    std::vector<float> cost{10};
    while (cost.size() < 20) cost.push_back(cost.back() + 4 * chance(random));
    const size_t chosen = chosen_of(draft, cost);
    for (size_t n = 0; n < sums.size(); ++n)
      EXPECT_LE(sums[n] / cost[n], sums[chosen] / cost[chosen] + 1e-9) << n << " against " << chosen;
  }
}

TEST(Choose, SenselessCostsDoNoHarm) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  for (const std::vector<float>& cost : std::vector<std::vector<float>>{
           {0}, {-1, -2}, {nan, nan, nan}, {1, nan, 2}, {infinity, 1}, {5, 4, 3, 2, 1}, {1}}) {
    for (const int32_t other : {-3, 0, 5, std::numeric_limits<int32_t>::max()})
      EXPECT_LE(chosen_of(chain_of(30, 0.5f), cost, other, 20, other), 20u);
  }
}

}  // namespace
}  // namespace riposte::drafting
