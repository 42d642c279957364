#include "drafting/draft.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <utility>

namespace riposte::drafting {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<TokenId> chain_of(const Draft& draft, size_t most = 100) {
  std::vector<TokenId> chain{99};
  first_chain(draft, most, chain);
  return chain;
}

TEST(Draft, AChainIsItsOwnFirstChain) {
  Draft draft;
  draft.assign_chain(std::vector<TokenId>{5, 6, 7});
  EXPECT_TRUE(is_valid(draft, 8));
  EXPECT_THAT(chain_of(draft), ElementsAre(5, 6, 7));
  EXPECT_THAT(chain_of(draft, 2), ElementsAre(5, 6));
  EXPECT_THAT(chain_of(draft, 0), IsEmpty());
  draft.assign_chain({});
  EXPECT_THAT(chain_of(draft), IsEmpty());
}

TEST(Draft, TheFirstChainOfATreeFollowsFirstChildren) {
  Draft draft;
  const int32_t likelier = draft.add(1, Draft::kNoParent);
  const int32_t other = draft.add(2, Draft::kNoParent);
  draft.add(3, other);
  const int32_t next = draft.add(4, likelier);
  draft.add(5, likelier);
  draft.add(6, next);
  EXPECT_TRUE(is_valid(draft, 7));
  EXPECT_THAT(chain_of(draft), ElementsAre(1, 4, 6));
}

Draft made_of(std::vector<TokenId> tokens, std::vector<int32_t> parents) {
  const size_t size = tokens.size();
  return {std::move(tokens), std::move(parents), std::vector(size, 0.5f), std::vector(size, Origin::kSource)};
}

TEST(Draft, ContradictoryArraysAndForeignTokensAreInvalid) {
  EXPECT_TRUE(is_valid({}, 8));
  EXPECT_TRUE(is_valid(made_of({1, 2}, {-1, 0}), 8));
  EXPECT_FALSE(is_valid(made_of({1, 2}, {-1}), 8));
  EXPECT_FALSE(is_valid(made_of({1, 2}, {-1, 1}), 8)) << "its own parent";
  EXPECT_FALSE(is_valid(made_of({1, 2}, {1, -1}), 8)) << "a parent after its child";
  EXPECT_FALSE(is_valid(made_of({1}, {-2}), 8));
  EXPECT_FALSE(is_valid(made_of({8}, {-1}), 8));
  EXPECT_FALSE(is_valid(made_of({-1}, {-1}), 8));
  EXPECT_FALSE(is_valid(made_of({3, 4, 4}, {-1, 0, 0}), 8)) << "twins";
  EXPECT_TRUE(is_valid(made_of({3, 4, 4}, {-1, 0, 1}), 8));
}

TEST(Draft, ChancesAreAboveZeroAndAtMostOne) {
  for (const float wrong : {0.0f, -0.5f, 1.01f, std::numeric_limits<float>::quiet_NaN(),
                            std::numeric_limits<float>::infinity()}) {
    Draft draft;
    draft.add(1, Draft::kNoParent, wrong);
    EXPECT_FALSE(is_valid(draft, 8)) << wrong;
  }
  Draft draft;
  draft.add(1, Draft::kNoParent, 1e-6f);
  draft.add(2, 0, 1.0f);
  EXPECT_TRUE(is_valid(draft, 8));
  draft.origins[1] = static_cast<Origin>(kOrigins);
  EXPECT_FALSE(is_valid(draft, 8)) << "an origin that does not exist";
}

TEST(Draft, ADraftBeyondTheBoundIsInvalid) {
  Draft draft;
  for (int32_t i = 0; i < kMostGuesses; ++i) draft.add(1, i - 1);
  EXPECT_TRUE(is_valid(draft, 8));
  draft.add(1, kMostGuesses - 1);
  EXPECT_FALSE(is_valid(draft, 8));
}

}  // namespace
}  // namespace riposte::drafting
