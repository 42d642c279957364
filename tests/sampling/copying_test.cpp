#include "sampling/copying.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sampling/sampler.h"

namespace riposte::sampling {
namespace {

TEST(Copying, PrefersTheSourcesNextTokenWhileTheAnswerCopies) {
  const std::vector<TokenId> source = {5, 6, 7, 8};
  Copying copying(source, 0.8f);
  for (const TokenId token : source) {
    EXPECT_EQ(copying.next().token, token);
    EXPECT_FLOAT_EQ(copying.next().bias, std::log(4.0f));
    copying.accept(token);
  }
  EXPECT_EQ(copying.next().token, kNoToken) << "nothing is known of what follows";
}

TEST(Copying, PrefersNothingInsideAnEditAndGoesOnBehindIt) {
  const std::vector<TokenId> source = {5, 6, 7, 8, 9};
  Copying replaced(source, 0.9f);
  replaced.accept(5);
  replaced.accept(60);
  EXPECT_EQ(replaced.next().token, kNoToken);
  replaced.accept(7);
  EXPECT_EQ(replaced.next().token, 8);

  Copying inserted(source, 0.9f);
  inserted.accept(5);
  inserted.accept(50);
  inserted.accept(51);
  inserted.accept(6);
  EXPECT_EQ(inserted.next().token, 7);

  Copying left_out(source, 0.9f);
  left_out.accept(5);
  left_out.accept(8);
  EXPECT_EQ(left_out.next().token, 9);
}

TEST(Copying, ATokenFarBehindIsNoReturnToTheSource) {
  std::vector<TokenId> source(20);
  for (int i = 0; i < 20; ++i) source[static_cast<size_t>(i)] = 100 + i;
  Copying copying(source, 0.9f);
  copying.accept(115);
  EXPECT_EQ(copying.next().token, kNoToken);
  copying.accept(101);
  EXPECT_EQ(copying.next().token, 102);
}

TEST(Copying, AConfidenceOfAHalfOrNoneChangesNothing) {
  const std::vector<TokenId> source = {1, 2};
  for (const float confidence : {0.0f, 0.3f, 0.5f}) EXPECT_EQ(Copying(source, confidence).next().token, kNoToken);
}

TEST(Copying, AnEditMustBeAsLikelyAsTheConfidenceSays) {
  Workspace workspace;
  const Sampler greedy({}, {});
  for (const auto& [edit, copy, chosen] : {std::tuple(2.0f, 0.5f, 1), std::tuple(2.0f, 0.7f, 2)}) {
    const std::vector<float> logits = {0.0f, edit, copy};
    // log(0.8 / 0.2) = 1.386: the edit wins if it is further ahead than that.
    EXPECT_EQ(greedy.choose({kNoToken, logits}, 0, workspace, {}, {2, std::log(4.0f)}), chosen);
    EXPECT_EQ(greedy.choose({kNoToken, logits}, 0, workspace, {}, {}), 1);
  }
}

}  // namespace
}  // namespace riposte::sampling
