#include "api/model_wish.h"

#include <gtest/gtest.h>

namespace riposte::api {
namespace {

using std::chrono::milliseconds;

ModelWish wish_of(const std::string& body) {
  const auto wish = read_model_wish(body);
  EXPECT_TRUE(wish) << body;
  return wish ? *wish : ModelWish{};
}

TEST(ModelWish, NamesTheModel) {
  EXPECT_EQ(wish_of(R"({"prompt":"x","model":"qwen"})").model, "qwen");
  EXPECT_EQ(wish_of(R"({"prompt":"x"})").model, "");
  EXPECT_FALSE(wish_of(R"({"model":"qwen","keep_alive":null})").has_keep_alive);
}

TEST(ModelWish, OfABodyThatMakesNoSenseNothingIsWished) {
  for (const char* body : {"", "{", "[]", "7", R"({"model":7})"}) EXPECT_EQ(wish_of(body).model, "") << body;
}

TEST(ModelWish, ReadsHowLongAModelIsToStay) {
  const std::pair<const char*, milliseconds> cases[] = {
      {"300", milliseconds(300'000)},     {"0", milliseconds(0)},
      {"\"10m\"", milliseconds(600'000)}, {"\"1h30m\"", milliseconds(5'400'000)},
      {"\"500ms\"", milliseconds(500)},   {"\"1.5s\"", milliseconds(1500)},
      {"\"0\"", milliseconds(0)},         {"\"60\"", milliseconds(60'000)}};
  for (const auto& [text, time] : cases) {
    const ModelWish wish = wish_of(std::string(R"({"keep_alive":)") + text + "}");
    EXPECT_TRUE(wish.has_keep_alive) << text;
    EXPECT_EQ(wish.keep_alive, time) << text;
  }
  for (const char* text : {"-1", "\"-1\"", "\"-1m\"", "1e300", "\"1000000h\""}) {
    const ModelWish wish = wish_of(std::string(R"({"keep_alive":)") + text + "}");
    EXPECT_TRUE(wish.has_keep_alive) << text;
    EXPECT_EQ(wish.keep_alive, std::nullopt) << text << " is for ever";
  }
  for (const char* text :
       {"\"soon\"", "\"\"", "\"5 m\"", "\"m\"", "\"5x\"", "true", "[]", "\"1m-5s\"", "\"--1s\""}) {
    const auto refused = read_model_wish(std::string(R"({"keep_alive":)") + text + "}");
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().param, "keep_alive");
  }
}

}  // namespace
}  // namespace riposte::api
