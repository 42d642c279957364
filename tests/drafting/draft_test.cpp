#include "drafting/draft.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST(Draft, ContradictoryArraysAndForeignTokensAreInvalid) {
  EXPECT_TRUE(is_valid({}, 8));
  EXPECT_FALSE(is_valid({{1, 2}, {-1}}, 8));
  EXPECT_FALSE(is_valid({{1, 2}, {-1, 1}}, 8)) << "its own parent";
  EXPECT_FALSE(is_valid({{1, 2}, {1, -1}}, 8)) << "a parent after its child";
  EXPECT_FALSE(is_valid({{1}, {-2}}, 8));
  EXPECT_FALSE(is_valid({{8}, {-1}}, 8));
  EXPECT_FALSE(is_valid({{-1}, {-1}}, 8));
}

}  // namespace
}  // namespace riposte::drafting
