#include "server/access_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace riposte::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

AccessEntry entry() {
  return {.method = "POST",
          .path = "/v1/rewrite",
          .request_id = "req-1",
          .key = "editor",
          .status = 200,
          .sent_bytes = 321,
          .time = std::chrono::microseconds(81'400)};
}

TEST(AccessLog, ALineOfTextSaysWhatHappened) {
  EXPECT_EQ(access_line(entry(), LogFormat::kText), "POST /v1/rewrite 200 81.4 ms req-1 key=editor");
}

TEST(AccessLog, ALineOfJsonHasAFieldForEach) {
  const auto line = boost::json::parse(access_line(entry(), LogFormat::kJson, "now"));
  EXPECT_EQ(line.at("time"), "now");
  EXPECT_EQ(line.at("event"), "request");
  EXPECT_EQ(line.at("method"), "POST");
  EXPECT_EQ(line.at("path"), "/v1/rewrite");
  EXPECT_EQ(line.at("status"), 200);
  EXPECT_DOUBLE_EQ(line.at("ms").as_double(), 81.4);
  EXPECT_EQ(line.at("sent_bytes"), 321);
  EXPECT_EQ(line.at("request_id"), "req-1");
  EXPECT_EQ(line.at("key"), "editor");
  EXPECT_FALSE(line.as_object().contains("text"));
}

TEST(AccessLog, WhatAClientSentCannotForgeALine) {
  AccessEntry forged = entry();
  forged.path = "/\n2026 POST /fake\x1b[2J\xff";
  forged.text = "line\nbreak\xff";
  const std::string text = access_line(forged, LogFormat::kText);
  EXPECT_THAT(text, Not(HasSubstr("\n")));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, HasSubstr(R"(text="line\nbreak)"));
  const std::string json = access_line(forged, LogFormat::kJson);
  EXPECT_THAT(json, Not(HasSubstr("\n")));
  EXPECT_TRUE(boost::json::parse(json).is_object());
}

}  // namespace
}  // namespace riposte::server
