// What a well-behaved client gets.
#include <boost/json.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "running_server.h"
#include "support/events.h"

namespace riposte::server {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> events_of(const std::string& stream) {
  std::vector<std::string> data;
  for (const auto& event : riposte::testing::events_of(stream)) data.push_back(event.data);
  return data;
}

std::string text_of(const std::vector<std::string>& events) {
  std::string text;
  for (const std::string& event : events) {
    if (event == "[DONE]") continue;
    const auto chunk = boost::json::parse(event);
    if (chunk.at("choices").as_array().empty()) continue;
    const auto& delta = chunk.at("choices").at(0).at("delta").as_object();
    if (const auto* content = delta.if_contains("content")) text += std::string(content->as_string());
  }
  return text;
}

std::string content_of(const Response& response) {
  return std::string(response.json().at("choices").at(0).at("message").at("content").as_string());
}

TEST_F(ServerTest, AnswersAChat) {
  start();
  const Response response = ask(post(chat_body("hi", R"("max_tokens":7)")));
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.headers.at("content-type"), "application/json");
  EXPECT_THAT(response.headers.at("x-request-id"), HasSubstr("req-"));
  EXPECT_THAT(response.headers.at("server-timing"), HasSubstr("decode;dur="));
  const auto json = response.json();
  EXPECT_EQ(json.at("object"), "chat.completion");
  EXPECT_EQ(json.at("model"), "tiny/babble");
  EXPECT_EQ(json.at("system_fingerprint"), "fp_tiny");
  EXPECT_THAT(std::string(json.at("id").as_string()), HasSubstr("chatcmpl-"));
  const int64_t produced = json.at("usage").at("completion_tokens").as_int64();
  EXPECT_EQ(content_of(response).size(), static_cast<size_t>(produced));
  EXPECT_EQ(json.at("usage").at("total_tokens").as_int64(),
            json.at("usage").at("prompt_tokens").as_int64() + produced);
}

TEST_F(ServerTest, AStreamHasTheSameTextAsTheWholeAnswer) {
  start();
  const std::string whole = content_of(ask(post(chat_body("stream me"))));
  const Response stream =
      ask(post(chat_body("stream me", R"("stream":true,"stream_options":{"include_usage":true})")));
  ASSERT_EQ(stream.status, 200) << stream.body;
  EXPECT_EQ(stream.headers.at("content-type"), "text/event-stream; charset=utf-8");
  const auto events = events_of(stream.body);
  ASSERT_GE(events.size(), 4u);
  EXPECT_EQ(boost::json::parse(events[0]).at("choices").at(0).at("delta").at("role"), "assistant");
  EXPECT_EQ(text_of(events), whole);
  EXPECT_EQ(boost::json::parse(events[events.size() - 3]).at("choices").at(0).at("finish_reason"), "stop");
  EXPECT_EQ(boost::json::parse(events[events.size() - 2]).at("usage").at("completion_tokens"), whole.size());
  EXPECT_EQ(events.back(), "[DONE]");
}

TEST_F(ServerTest, AStreamArrivesWhileItIsComputed) {
  make_answers_endless();
  start();
  RawClient client = connect();
  client.send(post(chat_body("hi", R"("stream":true)")));
  for (int i = 0; i < 5; ++i) EXPECT_THAT(client.receive_until("\n\n"), HasSubstr("data: "));
}

TEST_F(ServerTest, AClientOfHttp10GetsItsStreamWithoutChunks) {
  start();
  const std::string body = chat_body("old", R"("stream":true)");
  const Response response =
      ask("POST /v1/chat/completions HTTP/1.0\r\nContent-Length: " + std::to_string(body.size()) +
          "\r\n\r\n" + body);
  EXPECT_EQ(response.status, 200);
  EXPECT_FALSE(response.headers.contains("transfer-encoding"));
  EXPECT_EQ(response.headers.at("connection"), "close");
  EXPECT_EQ(events_of(response.body).back(), "[DONE]");
}

TEST_F(ServerTest, AStreamTellsItsTimesInFrontAndBehind) {
  start();
  const Response stream = ask(post(chat_body("time", R"("stream":true,"max_tokens":9)")));
  EXPECT_THAT(stream.headers.at("server-timing"), HasSubstr("parse;dur="));
  EXPECT_THAT(stream.trailers, HasSubstr("decode;dur="));
}

TEST_F(ServerTest, SeveralChoicesComeInOneAnswer) {
  model_.executor.endless = true;
  start();
  const std::string body =
      R"({"temperature":1,"seed":3,"n":3,"max_tokens":20,"messages":[{"role":"user","content":"x"}])";
  const auto choices = ask(post(body + "}")).json().at("choices").as_array();
  ASSERT_EQ(choices.size(), 3u);
  std::vector<std::string> whole, streamed(3);
  for (const auto& choice : choices) whole.emplace_back(choice.at("message").at("content").as_string());
  EXPECT_EQ(std::set<std::string>(whole.begin(), whole.end()).size(), 3u);
  int ends = 0;
  for (const std::string& event : events_of(ask(post(body + R"(,"stream":true})")).body)) {
    if (event == "[DONE]") continue;
    const auto choice = boost::json::parse(event).at("choices").at(0);
    if (const auto* text = choice.at("delta").as_object().if_contains("content")) {
      streamed[choice.at("index").as_int64()] += text->as_string();
    }
    if (choice.at("finish_reason").is_string()) ++ends;
  }
  EXPECT_EQ(streamed, whole);
  EXPECT_EQ(ends, 3);
}

TEST_F(ServerTest, LogProbabilitiesComeWithEveryToken) {
  start();
  const std::string fields = R"("logprobs":true,"top_logprobs":2,"max_tokens":10)";
  const auto choice = ask(post(chat_body("how sure", fields))).json().at("choices").at(0);
  std::string spelled, streamed;
  for (const auto& token : choice.at("logprobs").at("content").as_array()) {
    spelled += token.at("token").as_string();
    EXPECT_EQ(token.at("top_logprobs").as_array().size(), 2u);
    EXPECT_LE(token.at("logprob").as_double(), 0.0);
  }
  EXPECT_EQ(spelled, choice.at("message").at("content").as_string());
  for (const std::string& event : events_of(ask(post(chat_body("how sure", fields + R"(,"stream":true)"))).body)) {
    if (event == "[DONE]") continue;
    const auto logprobs = boost::json::parse(event).at("choices").at(0).at("logprobs");
    if (logprobs.is_null()) continue;
    for (const auto& token : logprobs.at("content").as_array()) streamed += token.at("token").as_string();
  }
  EXPECT_EQ(streamed, spelled);
}

TEST_F(ServerTest, APromptCanBeWarmedWithoutAnAnswer) {
  start();
  const std::string body = chat_body("a text that is long enough to fill more than one page of the cache");
  const Response warm = ask(post(body.substr(0, body.size() - 1) + R"(,"max_tokens":0})"));
  ASSERT_EQ(warm.status, 200) << warm.body;
  EXPECT_EQ(warm.json().at("usage").at("completion_tokens"), 0);
  EXPECT_GT(ask(post(body)).json().at("usage").at("prompt_tokens_details").at("cached_tokens").as_int64(), 0);
}

TEST_F(ServerTest, ContinuesTextWithoutATemplate) {
  start();
  const std::string body = R"({"prompt":"once","temperature":0,"max_tokens":8,"echo":true})";
  const Response response = ask(post_to("/v1/completions", body));
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.json().at("object"), "text_completion");
  EXPECT_THAT(std::string(response.json().at("choices").at(0).at("text").as_string()), ::testing::StartsWith("once"));
}

TEST_F(ServerTest, TheSeedDecidesASampledAnswer) {
  model_.executor.endless = true;
  start();
  const auto sampled = [&](const std::string& seed) {
    return content_of(
        ask(post(R"({"temperature":1,"max_tokens":40,"messages":[{"role":"user","content":"x"}])" +
                 (seed.empty() ? "" : ",\"seed\":" + seed) + "}")));
  };
  EXPECT_EQ(sampled("1"), sampled("1"));
  EXPECT_NE(sampled("1"), sampled("2"));
  EXPECT_NE(sampled(""), sampled(""));
}

TEST_F(ServerTest, AnEmptyStringAsMessageIsAnswered) {
  start();
  EXPECT_EQ(ask(post(chat_body(""))).status, 200);
}

TEST_F(ServerTest, ListsItsModel) {
  start();
  const Response list = ask(get("/v1/models"));
  ASSERT_EQ(list.status, 200);
  EXPECT_EQ(list.json().at("data").at(0).at("id"), "tiny/babble");
  EXPECT_EQ(list.json().at("object"), "list");
  EXPECT_EQ(ask(get("/v1/models/tiny%2Fbabble")).json().at("object"), "model");
  EXPECT_EQ(ask(get("/v1/models/tiny/babble?x=1")).status, 200);
  const Response other = ask(get("/v1/models/other"));
  EXPECT_EQ(other.status, 404);
  EXPECT_EQ(other.json().at("error").at("code"), "model_not_found");
}

TEST_F(ServerTest, AnswersEveryMethodOnEveryAddress) {
  start();
  const Response health = ask(get("/health"));
  EXPECT_EQ(health.json().at("status"), "ok");
  EXPECT_THAT(health.headers.at("server-timing"), HasSubstr("total;dur="));
  EXPECT_EQ(ask(get("http://x/health")).status, 200);
  const Response nowhere = ask(get("/v1/nothing\xff"));
  EXPECT_EQ(nowhere.status, 404);
  EXPECT_EQ(nowhere.json().at("error").at("code"), "unknown_url");
  const Response wrong = ask(get("/v1/chat/completions"));
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.headers.at("allow"), "POST, OPTIONS");
  EXPECT_EQ(wrong.json().at("error").at("code"), "method_not_allowed");
  EXPECT_EQ(ask("BREW /health HTTP/1.1\r\nHost: x\r\n\r\n").status, 405);
  EXPECT_EQ(ask("DELETE /v1/models HTTP/1.1\r\nHost: x\r\n\r\n").headers.at("allow"), "GET, HEAD, OPTIONS");
  const Response options = ask("OPTIONS /v1/chat/completions HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.headers.at("allow"), "POST, OPTIONS");
}

TEST_F(ServerTest, HeadIsAnsweredWithoutABodyAndTheConnectionGoesOn) {
  start();
  RawClient client = connect();
  client.send("HEAD /v1/models HTTP/1.1\r\nHost: x\r\n\r\n");
  const Response head = client.receive(/*has_body=*/false);
  EXPECT_EQ(head.status, 200);
  EXPECT_NE(head.headers.at("content-length"), "0");
  client.send(get("/health"));
  EXPECT_EQ(client.receive().json().at("status"), "ok");
}

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  start();
  RawClient client = connect();
  client.send(post(chat_body("one", R"("max_tokens":3)")) + get("/health") +
              post(chat_body("two", R"("stream":true,"max_tokens":3)")) + "\r\n" + get("/v1/models") +
              get("/health"));
  EXPECT_EQ(client.receive().json().at("object"), "chat.completion");
  EXPECT_EQ(client.receive().json().at("status"), "ok");
  EXPECT_THAT(client.receive().body, HasSubstr("[DONE]"));
  EXPECT_EQ(client.receive().json().at("object"), "list");
  EXPECT_EQ(client.receive().json().at("status"), "ok");
}

TEST_F(ServerTest, AClientThatEndsItsHalfStillGetsWhatIsReady) {
  start();
  RawClient client = connect();
  client.send(get("/health") + get("/v1/models"));
  client.end_sending();
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_EQ(client.receive().json().at("object"), "list");
  EXPECT_TRUE(client.sees_end());
}

TEST_F(ServerTest, ABodyMayComeInChunks) {
  start();
  const std::string body = chat_body("chunked", R"("max_tokens":4)");
  std::string request = "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const char byte : body) request += "1;note=x\r\n" + std::string(1, byte) + "\r\n";
  RawClient client = connect();
  for (const char byte : request + "0\r\n\r\n") ASSERT_TRUE(client.send({&byte, 1}));
  const Response response = client.receive();
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(content_of(response), content_of(ask(post(body))));
}

TEST_F(ServerTest, AClientThatExpectsContinueGetsIt) {
  start();
  const std::string request = post(chat_body("wait"), "Expect: 100-continue\r\n");
  const size_t body = request.find("\r\n\r\n") + 4;
  RawClient client = connect();
  client.send(request.substr(0, body));
  EXPECT_EQ(client.receive().status, 100);
  client.send(request.substr(body));
  EXPECT_EQ(client.receive().status, 200);
}

TEST_F(ServerTest, ManyClientsAtOnceGetTheAnswersTheyWouldGetAlone) {
  constexpr int kClients = 64;
  start();
  std::vector<std::string> alone(kClients), together(kClients);
  const auto body = [](int i) {
    return chat_body("client " + std::to_string(i),
                     R"("max_tokens":30,"stream":)" + std::string(i % 2 ? "true" : "false"));
  };
  const auto text = [&](int i) {
    const Response response = ask(post(body(i)));
    if (response.status != 200) return "status " + std::to_string(response.status) + response.body;
    return i % 2 ? text_of(events_of(response.body)) : content_of(response);
  };
  for (int i = 0; i < kClients; ++i) alone[i] = text(i);
  std::vector<std::thread> clients;
  for (int i = 0; i < kClients; ++i) clients.emplace_back([&, i] { together[i] = text(i); });
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(together, alone);
  EXPECT_GT(std::set<std::string>(alone.begin(), alone.end()).size(), 32u);
}

}  // namespace
}  // namespace riposte::server
