#include "server/api_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace riposte::server {
namespace {

using ::testing::HasSubstr;

const std::string kHash = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";  // of "secret"

std::string entry(const std::string& fields) {
  return "[[key]]\n" + fields + "\n";
}

TEST(ApiKeys, AKeyIsFoundByItsTextAlone) {
  const auto keys = ApiKeys::parse(entry("name = \"a\"\nsha256 = \"" + kHash + "\""));
  ASSERT_TRUE(keys) << keys.error().message;
  const ApiKey* key = keys->find("secret");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->name, "a");
  EXPECT_NE(key->owner(), 0u);
  EXPECT_FALSE(keys->find("Secret"));
  EXPECT_FALSE(keys->find(""));
  EXPECT_FALSE(keys->find(kHash));
}

TEST(ApiKeys, LimitsAreThoseOfTheKeyOrElseTheDefaults) {
  const auto keys = ApiKeys::parse(entry("name = \"a\"\nsha256 = \"" + kHash + "\"\nrequests_per_minute = 7"),
                                   {.requests_per_minute = 1, .concurrent = 2});
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_EQ(keys->all()[0].limits.requests_per_minute, 7);
  EXPECT_EQ(keys->all()[0].limits.concurrent, 2);
}

TEST(ApiKeys, ANewKeyIsFoundThroughItsEntry) {
  const auto first = make_api_key(), second = make_api_key();
  ASSERT_TRUE(first && second);
  EXPECT_NE(*first, *second);
  const auto keys =
      ApiKeys::parse(api_key_entry("first", *first, {.requests_per_minute = 3, .concurrent = 4}) +
                     api_key_entry("second", *second, {}));
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_EQ(keys->find(*first)->name, "first");
  EXPECT_EQ(keys->find(*first)->limits.concurrent, 4);
  EXPECT_EQ(keys->find(*second)->name, "second");
  EXPECT_NE(keys->find(*first)->owner(), keys->find(*second)->owner());
}

TEST(ApiKeys, AWrongFileIsRefusedWithTheLine) {
  const std::string hash = "sha256 = \"" + kHash + "\"\n";
  const std::pair<std::string, const char*> wrong[] = {
      {"", "no [[key]]"},
      {"[[key", "line 1"},
      {"key = 1", "line 1"},
      {"[other]\n", "'other'"},
      {entry("name = \"a\""), "needs 'name' and 'sha256'"},
      {entry(hash), "needs 'name' and 'sha256'"},
      {entry("name = \"a b\"\n" + hash), "line 2"},
      {entry("name = 7\n" + hash), "line 2"},
      {entry("name = \"a\"\nsha256 = \"12\""), "64 hexadecimal"},
      {entry("name = \"a\"\nsha256 = \"" + std::string(64, 'g') + "\""), "64 hexadecimal"},
      {entry("name = \"a\"\nconcurrent = -1\n" + hash), "line 3"},
      {entry("name = \"a\"\nburst = 1\n" + hash), "no field 'burst'"},
      {entry("name = \"a\"\n" + hash) + entry("name = \"a\"\nsha256 = \"" + std::string(64, '0') + "\""),
       "there twice"},
      {entry("name = \"a\"\n" + hash) + entry("name = \"b\"\n" + hash), "the same key"},
  };
  for (const auto& [toml, message] : wrong) {
    const auto keys = ApiKeys::parse(toml);
    ASSERT_FALSE(keys) << toml;
    EXPECT_THAT(keys.error().message, HasSubstr(message)) << toml;
  }
}

}  // namespace
}  // namespace riposte::server
