#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cache/redis.h"

namespace riposte::cache {
namespace {

TEST(RedisUrl, EachPartIsRead) {
  const auto all = parse_redis_url("redis://me:p@ss@example.org:7000/3");
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->user, "me");
  EXPECT_EQ(all->password, "p@ss");
  EXPECT_EQ(all->host, "example.org");
  EXPECT_EQ(all->port, 7000);
  EXPECT_EQ(all->database, 3);
  EXPECT_EQ(parse_redis_url("redis://:secret@h")->password, "secret");
  EXPECT_EQ(parse_redis_url("redis://localhost")->port, 6379);
  EXPECT_EQ(parse_redis_url("redis://[::1]:7000")->host, "::1");
  EXPECT_EQ(parse_redis_url("redis://[::1]:7000")->port, 7000);
  EXPECT_EQ(parse_redis_url("unix:///run/redis.sock?db=2")->socket, "/run/redis.sock");
  EXPECT_EQ(parse_redis_url("unix:///run/redis.sock?db=2")->database, 2);
}

TEST(RedisUrl, WhatIsNoneIsRefusedWithoutTellingAPassword) {
  for (const char* url : {"", "localhost", "http://h", "redis://", "redis://h:0", "redis://h:x",
                          "redis://h:70000", "redis://h/x", "redis://h/-1", "redis://[::1",
                          "redis://secret@h", "rediss://:secret@h", "unix:///s?db=x"}) {
    const auto refused = parse_redis_url(url);
    ASSERT_FALSE(refused) << url;
    EXPECT_THAT(refused.error().message, ::testing::Not(::testing::HasSubstr("secret"))) << url;
  }
}

}  // namespace
}  // namespace riposte::cache
