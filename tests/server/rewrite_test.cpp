// POST /v1/rewrite over a socket.
#include <boost/json.hpp>
#include <string>

#include "running_server.h"
#include "support/events.h"

namespace riposte::server {
namespace {

using ::testing::HasSubstr;

TEST_F(ServerTest, RewritesAText) {
  start();
  const Response response = ask(post_to("/v1/rewrite", R"({"text":"she go"})"));
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.json().at("object"), "rewrite");
  EXPECT_THAT(response.headers.at("server-timing"), HasSubstr("decode;dur="));
}

TEST_F(ServerTest, TheStreamOfARewriteHasTheTextsOfTheWholeAnswer) {
  start();
  const std::string body = R"({"text":["she go","he come"])";
  const auto whole = ask(post_to("/v1/rewrite", body + "}")).json().at("data").as_array();
  std::vector<std::string> streamed(2);
  const Response stream = ask(post_to("/v1/rewrite", body + R"(,"stream":true})"));
  EXPECT_EQ(stream.headers.at("content-type"), "text/event-stream; charset=utf-8");
  for (const auto& event : riposte::testing::events_of(stream.body)) {
    if (event.name != "text") continue;
    const auto piece = boost::json::parse(event.data);
    streamed[piece.at("index").as_int64()] += piece.at("text").as_string();
  }
  for (size_t i = 0; i < 2; ++i) EXPECT_EQ(whole[i].at("text"), boost::json::string_view(streamed[i]));
}

TEST_F(ServerTest, OneSentenceOfAParagraphThatChangesIsOneThatIsComputed) {
  start();
  const auto rewritten = [&](const std::string& text) {
    return ask(post_to("/v1/rewrite", R"({"text":")" + text + R"("})")).json();
  };
  const auto first = rewritten("He go. She come. They sees.");
  EXPECT_EQ(first.at("sentences"), boost::json::parse(R"({"total": 3, "computed": 3})"));
  const auto second = rewritten("He go. She came. They sees.");
  EXPECT_EQ(second.at("sentences"), boost::json::parse(R"({"total": 3, "computed": 1})"));
}

TEST_F(ServerTest, ListsThePresets) {
  start();
  EXPECT_EQ(ask(get("/v1/presets")).json().at("data").at(0).at("object"), "preset");
}

TEST_F(ServerTest, AnUnknownPresetIsNotFound) {
  start();
  const Response response = ask(post_to("/v1/rewrite", R"({"text":"x","preset":"pirate"})"));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.json().at("error").at("param"), "preset");
}

}  // namespace
}  // namespace riposte::server
