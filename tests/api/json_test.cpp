#include "api/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>

namespace riposte::api {
namespace {

using ::testing::HasSubstr;

TEST(Json, DocumentsAreReadAsTheLibraryItselfReadsThem) {
  for (const char* text :
       {R"({"a":[1,-2,3.5,1e3,18446744073709551615],"b":{"a":"x","c":[]},"d":null,"e":true})",
        R"("\u00e4\ud83d\ude00\n")", "[]", "{}", "0", R"([[["deep"]],{"k":{"k":{"k":0}}}])"}) {
    const auto value = parse_json(text);
    ASSERT_TRUE(value) << text << ": " << value.error().message;
    EXPECT_EQ(*value, boost::json::parse(text)) << text;
  }
}

TEST(Json, LongStringsAndKeysArriveWhole) {
  const std::string text(100'000, 'x');
  const auto value = parse_json("{\"" + text + "\":\"" + text + "\\n" + text + "\"}");
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ(value->at(text).as_string(), text + "\n" + text);
}

TEST(Json, AKeyTwiceInOneObjectIsRefusedByName) {
  const auto value = parse_json(R"({"a":{"temperature":0,"x":1,"temperature":1}})");
  ASSERT_FALSE(value);
  EXPECT_THAT(value.error().message, HasSubstr("the key \"temperature\" is there twice"));
  EXPECT_TRUE(parse_json(R"([{"a":1},{"a":2}])"));
}

TEST(Json, NumbersBeyondADoubleAreRefused) {
  for (const char* text : {"1e999", "[-1e999]", R"({"a":1e400})"}) {
    const auto value = parse_json(text);
    ASSERT_FALSE(value) << text;
    EXPECT_THAT(value.error().message, HasSubstr("beyond the range of a double"));
  }
}

TEST(Json, WhatIsNotJsonIsRefusedWithItsPlace) {
  for (const std::string text :
       {"", " ", "{", "[1,]", "{\"a\":1,}", "nul", "{'a':1}", "// x\n1", "1 2", "\"\xff\"", "\"\xc3(\"",
        "\"\\ud800\"", "\"\xed\xa0\x80\"", "01", "+1", "NaN", "\"\n\"", "[1}", "\xef\xbb\xbf{}"}) {
    const auto value = parse_json(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(value.error().message, HasSubstr("at byte "));
  }
}

TEST(Json, NestingIsBounded) {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(parse_json(nested(kMaxJsonDepth)));
  EXPECT_FALSE(parse_json(nested(kMaxJsonDepth + 1)));
  EXPECT_FALSE(parse_json(std::string(1'000'000, '[')));
}

}  // namespace
}  // namespace riposte::api
