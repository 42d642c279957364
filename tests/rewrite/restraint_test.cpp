#include "rewrite/restraint.h"

#include <gtest/gtest.h>

#include <string>

namespace riposte::rewrite {
namespace {

TEST(Restraint, takes_corrections) {
  EXPECT_EQ(find_stray("She go to school.", "She goes to school.", "en"), Stray::kNone);
  EXPECT_EQ(find_stray("i like Music alot .", "I like music a lot.", "en"), Stray::kNone);
  EXPECT_EQ(find_stray("Hi", "Hi, how are you?", "en"), Stray::kNone);
  EXPECT_EQ(find_stray("", "", "en"), Stray::kNone);
}

TEST(Restraint, leaves_answers_that_ran_away_or_gave_up) {
  std::string again = "He went home";
  for (int i = 0; i < 5; ++i) again += " and went home";
  EXPECT_EQ(find_stray("He go home.", again, "en"), Stray::kLength);
  EXPECT_EQ(find_stray("one two three four", "one two three four five six seven eight nine ten", "en"), Stray::kNone);
  EXPECT_EQ(find_stray("one two three four", "one two three four five six seven eight nine ten eleven", "en"), Stray::kLength);
  EXPECT_EQ(find_stray("one two three four", "one two", "en"), Stray::kNone);
  EXPECT_EQ(find_stray("one two three four", "one", "en"), Stray::kLength);
  EXPECT_EQ(find_stray("one two three four", "", "en"), Stray::kLength);
}

TEST(Restraint, leaves_answers_that_lose_or_invent_what_must_stay) {
  EXPECT_EQ(find_stray("It cost 42 euro.", "It costs 24 euros.", "en"), Stray::kNumber);
  EXPECT_EQ(find_stray("It cost some euro.", "It costs 24 euros.", "en"), Stray::kNumber);
  EXPECT_EQ(find_stray("See https://a.example/b now.", "See it now, please.", "en"), Stray::kLink);
  EXPECT_EQ(find_stray("Dear {name}, thank.", "Dear name, thanks.", "en"), Stray::kPlaceholder);
}

}  // namespace
}  // namespace riposte::rewrite
