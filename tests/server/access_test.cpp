// Who may ask: keys, limits, pages of other sites; and what is told about requests.
#include <string>
#include <vector>

#include "running_server.h"

namespace riposte::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kAlice = "alice's key", kBob = "bob's key";

std::string as(const std::string& key) {
  return "Authorization: Bearer " + key + "\r\n";
}

bool was_cached(const Response& response) {
  return response.headers.at("server-timing").find("cache;desc=hit") != std::string::npos;
}

int64_t cached_tokens(const Response& response) {
  return response.json().at("usage").at("prompt_tokens_details").at("cached_tokens").as_int64();
}

class AccessTest : public ServerTest {
 protected:
  void with_keys(const KeyLimits& limits = {}) {
    options_.keys =
        *ApiKeys::parse(api_key_entry("alice", kAlice, limits) + api_key_entry("bob", kBob, limits));
  }
  Response chat(const std::string& text, const std::string& key, const std::string& fields = "",
                const std::string& headers = "") {
    return ask(post(chat_body(text, fields), as(key) + headers));
  }
};

TEST_F(AccessTest, WithoutAKnownKeyNothingIsAnswered) {
  with_keys();
  start();
  for (const std::string& headers :
       std::vector<std::string>{"", as(""), as("alice"), as(kAlice + "x"), "Authorization: Basic YTpi\r\n",
                                "Authorization: " + kAlice + "\r\n", "Authorization: Bearer\r\n"}) {
    const Response response = ask(post(chat_body("x"), headers));
    EXPECT_EQ(response.status, 401) << headers;
    EXPECT_EQ(response.headers.at("www-authenticate"), "Bearer");
    EXPECT_EQ(response.json().at("error").at("type"), "invalid_request_error");
    EXPECT_EQ(response.json().at("error").at("code"), "invalid_api_key");
  }
  EXPECT_EQ(model_.executor.steps, 0);
  EXPECT_EQ(chat("x", kAlice).status, 200);
  EXPECT_EQ(ask(post(chat_body("x"), "authorization: bearer  " + kBob + "\r\n")).status, 200);
  EXPECT_EQ(ask(post_to("/api/chat", "{}")).json().at("error").kind(), boost::json::kind::string);
}

TEST_F(AccessTest, WhatTellsNothingAboutAnyoneNeedsNoKey) {
  with_keys();
  start();
  for (const char* path : {"/health", "/ready", "/"}) EXPECT_EQ(ask(get(path)).status, 200) << path;
  for (const char* path : {"/metrics", "/v1/models", "/v1/models/tiny", "/v1/presets", "/api/tags"}) {
    EXPECT_EQ(ask(get(path)).status, 401) << path;
  }
}

TEST_F(AccessTest, MetricsMayBeOpened) {
  with_keys();
  options_.open_metrics = true;
  start();
  EXPECT_EQ(ask(get("/metrics")).status, 200);
}

TEST_F(AccessTest, AKeyThatAsksTooOftenIsToldWhenToComeBack) {
  with_keys({.requests_per_minute = 2});
  start();
  EXPECT_EQ(chat("1", kAlice).status, 200);
  EXPECT_EQ(chat("2", kAlice).status, 200);
  const Response refused = chat("3", kAlice);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.json().at("error").at("code"), "rate_limit_exceeded");
  EXPECT_GT(std::stoi(refused.headers.at("retry-after-ms")), 0);
  EXPECT_LE(std::stoi(refused.headers.at("retry-after-ms")), 30'000);
  EXPECT_GE(std::stoi(refused.headers.at("retry-after")), 1);
  EXPECT_EQ(chat("3", kBob).status, 200);
  EXPECT_EQ(ask("GET /v1/models HTTP/1.1\r\n" + as(kAlice) + "\r\n").status, 200)
      << "what computes nothing counts not";
}

TEST_F(AccessTest, AKeyHasSoManyRequestsAtOnceUntilOneEndsOrLeaves) {
  with_keys({.concurrent = 1});
  make_answers_endless();
  start();
  RawClient first = connect();
  first.send(post(chat_body("x", R"("stream":true)"), as(kAlice)));
  ASSERT_THAT(first.receive_until("\n\n"), HasSubstr("data: "));
  EXPECT_EQ(chat("y", kAlice).status, 429);
  EXPECT_EQ(chat("y", kBob, R"("max_tokens":1)").status, 200);
  first.leave();
  EXPECT_TRUE(eventually([&] { return chat("y", kAlice, R"("max_tokens":1)").status == 200; }));
  EXPECT_EQ(chat("z", kAlice, R"("max_tokens":1)").status, 200) << "an answer that has ended holds no place";
}

TEST_F(AccessTest, NoKeySeesWhatAnotherOneAsked) {
  with_keys();
  start();
  const std::string text =
      "a sentence that is long enough to fill several pages of the cache of keys and values";
  const Response first = chat(text, kAlice);
  const Response own = chat(text, kAlice);
  const Response other = chat(text, kBob);
  EXPECT_TRUE(was_cached(own));
  EXPECT_FALSE(was_cached(other));
  EXPECT_EQ(cached_tokens(other), 0);
  EXPECT_EQ(other.json().at("choices"), first.json().at("choices"));
  const std::string anew = "Cache-Control: no-store\r\n";
  EXPECT_GT(cached_tokens(chat(text, kAlice, "", anew)), 0);
  EXPECT_GT(cached_tokens(chat(text, kBob, "", anew)), 0);
}

TEST_F(AccessTest, NobodyBecomesAnotherKeysUserByAName) {
  with_keys();
  start();
  chat("mine", kAlice, R"("user":"u")");
  EXPECT_TRUE(was_cached(chat("mine", kAlice, R"("user":"u")")));
  EXPECT_FALSE(was_cached(chat("mine", kAlice, R"("user":"v")")));
  EXPECT_FALSE(was_cached(chat("mine", kBob, R"("user":"u")")));
  EXPECT_FALSE(was_cached(chat("mine", kAlice)));
}

TEST_F(AccessTest, KeysMayBeToldToShare) {
  with_keys();
  options_.share_between_keys = true;
  start();
  chat("ours", kAlice);
  EXPECT_TRUE(was_cached(chat("ours", kBob)));
  EXPECT_GT(cached_tokens(chat("ours", kBob, "", "Cache-Control: no-store\r\n")), 0);
}

TEST_F(AccessTest, AnAddressThatOthersReachNeedsKeysOrAWord) {
  options_.address = "0.0.0.0";
  Server without(options_, model_.served());
  const auto refused = without.start();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(refused.error().message, HasSubstr("key new"));
  with_keys();
  Server with(options_, model_.served());
  EXPECT_TRUE(with.start());
  options_.keys = {};
  options_.allow_anonymous = true;
  Server anonymous(options_, model_.served());
  EXPECT_TRUE(anonymous.start());
}

TEST_F(AccessTest, APageOfAnotherSiteMayAskOnlyIfItIsAllowed) {
  options_.allowed_origins = {"https://friend.example"};
  start();
  const std::string friend_origin = "Origin: https://friend.example\r\n";
  const Response allowed = ask(post(chat_body("x"), friend_origin));
  EXPECT_EQ(allowed.status, 200);
  EXPECT_EQ(allowed.headers.at("access-control-allow-origin"), "https://friend.example");
  EXPECT_EQ(allowed.headers.at("vary"), "Origin");
  EXPECT_THAT(ask(post(chat_body("x", R"("stream":true)"), friend_origin)).head,
              HasSubstr("Access-Control-Allow-Origin"));
  for (const char* origin : {"https://foe.example", "https://friend.example.foe", "null"}) {
    const Response refused = ask(post(chat_body("x"), "Origin: " + std::string(origin) + "\r\n"));
    EXPECT_EQ(refused.status, 403) << origin;
    EXPECT_FALSE(refused.headers.contains("access-control-allow-origin"));
  }
}

TEST_F(AccessTest, APreflightIsAnsweredWithoutAKey) {
  with_keys();
  options_.allowed_origins = {"https://friend.example"};
  start();
  const std::string question =
      "OPTIONS /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAccess-Control-Request-Method: POST\r\n"
      "Access-Control-Request-Headers: authorization, content-type\r\nOrigin: ";
  const Response allowed = ask(question + "https://friend.example\r\n\r\n");
  EXPECT_EQ(allowed.status, 204);
  EXPECT_THAT(allowed.headers.at("access-control-allow-methods"), HasSubstr("POST"));
  EXPECT_EQ(allowed.headers.at("access-control-allow-headers"), "authorization, content-type");
  EXPECT_EQ(ask(question + "https://foe.example\r\n\r\n").status, 403);
}

TEST_F(AccessTest, TheServersOwnPageMayAskUnlessItsNameCouldBeAnyones) {
  start();
  const auto asked_as = [&](const std::string& host) {
    const std::string body = chat_body("x");
    return ask("POST /v1/chat/completions HTTP/1.1\r\nHost: " + host + "\r\nOrigin: http://" + host +
               "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body)
        .status;
  };
  for (const char* host : {"localhost:8080", "127.0.0.1:8080", "[::1]:8080", "app.localhost"})
    EXPECT_EQ(asked_as(host), 200) << host;
  EXPECT_EQ(asked_as("rebound.example:8080"), 403);
}

TEST_F(AccessTest, ARequestKeepsTheNameThatItsClientGaveIt) {
  start();
  const auto named = [&](const std::string& id) {
    return ask("GET /health HTTP/1.1\r\nx-request-id: " + id + "\r\n\r\n").headers.at("x-request-id");
  };
  EXPECT_EQ(named("trace-1.2:3_4"), "trace-1.2:3_4");
  EXPECT_THAT(named("not one word"), ::testing::StartsWith("req-"));
  EXPECT_THAT(named(std::string(200, 'a')), ::testing::StartsWith("req-"));
}

TEST_F(AccessTest, AServerThatStopsIsAliveButNotReady) {
  make_answers_endless();
  options_.stop_grace = std::chrono::seconds(30);
  start();
  EXPECT_EQ(ask(get("/ready")).status, 200);
  RawClient client = connect();
  client.send(post(chat_body("x", R"("max_tokens":300)")) + get("/ready"));
  ASSERT_TRUE(eventually([&] { return model_.executor.steps > 3; }));
  server_->stop();
  EXPECT_EQ(client.receive().status, 200);
  server_->wait();
  EXPECT_FALSE(connect().connected());
}

}  // namespace
}  // namespace riposte::server
