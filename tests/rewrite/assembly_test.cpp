// Results put together from parts, whichever comes first, and what stays where an answer strays.
#include "rewrite/assembly.h"

#include <gtest/gtest.h>

namespace riposte::rewrite {
namespace {

Assembly assembly(std::string text, std::optional<std::string> restraint = {}) {
  return Assembly(cut_text(std::move(text), {.by_sentence = true}), std::move(restraint));
}

engine::Finish finish(int32_t tokens, engine::FinishReason reason = engine::FinishReason::kStop) {
  engine::Finish one;
  one.reason = reason;
  one.usage.output_tokens = tokens;
  one.timings.decode = std::chrono::milliseconds(tokens);
  return one;
}

TEST(Assembly, PartsStandInTheOrderOfTheTextWithItsOwnSpacing) {
  Assembly all = assembly(" He go.  She go.\n");
  ASSERT_EQ(all.parts(), 2u);
  EXPECT_EQ(all.add(1, " She goes. "), "");
  EXPECT_EQ(all.end(1, finish(3)), "");
  EXPECT_EQ(all.add(0, "He "), " He");
  EXPECT_EQ(all.add(0, "goes."), " goes.");
  EXPECT_FALSE(all.whole());
  EXPECT_EQ(all.end(0, finish(5)), "  She goes.\n");
  EXPECT_TRUE(all.whole());
  EXPECT_EQ(all.place(1).begin, 11u);
}

TEST(Assembly, WithRestraintAPartIsToldWhenItsAnswerCanBeTaken) {
  Assembly all = assembly("He have 3 cats. She go.", "en");
  EXPECT_EQ(all.add(0, "He has 4 cats."), "");
  EXPECT_EQ(all.end(0, finish(5)), "He have 3 cats.");
  EXPECT_EQ(all.stray(0), Stray::kNumber);
  EXPECT_EQ(all.add(1, "She goes."), "");
  EXPECT_EQ(all.end(1, finish(3)), " She goes.");
  EXPECT_EQ(all.stray(1), Stray::kNone);
}

TEST(Assembly, APartThatWasCutShortCutsTheWholeAndTheSlowestCounts) {
  Assembly all = assembly("He go. She go.", "en");
  all.add(0, "He goes.");
  all.end(0, finish(3, engine::FinishReason::kLength));
  all.add(1, "She goes.");
  all.end(1, finish(4));
  EXPECT_EQ(all.stray(0), Stray::kLength);
  const engine::Finish sum = all.finish();
  EXPECT_EQ(sum.reason, engine::FinishReason::kLength);
  EXPECT_EQ(sum.usage.output_tokens, 7);
  EXPECT_EQ(sum.timings.decode, std::chrono::milliseconds(4));
}

}  // namespace
}  // namespace riposte::rewrite
