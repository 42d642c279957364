// What the server does about clients that are broken, slow, gone or hostile: it goes on.
#include <string>
#include <vector>

#include "running_server.h"

namespace riposte::server {
namespace {

using ::testing::HasSubstr;

TEST_F(ServerTest, BodiesThatAreNotRequestsGetA400WithTheFieldsName) {
  start();
  RawClient client = connect();  // one connection: each answer leaves it usable
  const std::vector<std::pair<std::string, std::string>> bodies = {
      {"", "null"},
      {"{", "null"},
      {"[]", "null"},
      {std::string(1000, '['), "null"},
      {"{\"messages\":[{\"role\":\"user\",\"content\":\"\xff\"}]}", "null"},
      {R"({"messages":[{"role":"user","content":"x"}],"messages":1})", "null"},
      {chat_body("x", R"("temperature":"hot")"), "null"},  // temperature stands there twice
      {chat_body("x", R"("top_p":1e99)"), "\"top_p\""},
      {chat_body("x", R"("n":99)"), "\"n\""},
      {"{\"messages\":7}", "\"messages\""},
  };
  for (const auto& [body, param] : bodies) {
    ASSERT_TRUE(client.send(post(body)));
    const Response response = client.receive();
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_EQ(boost::json::serialize(response.json().at("error").at("param")), param) << body;
    EXPECT_EQ(response.json().at("error").at("type"), "invalid_request_error");
  }
  expect_alive();
}

TEST_F(ServerTest, AnUnknownModelIsA404) {
  start();
  const Response response = ask(post(chat_body("x", R"("model":"gpt-9")")));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.json().at("error").at("param"), "model");
}

TEST_F(ServerTest, AMegabyteOfTextIsA400WhereTheContextIsSmaller) {
  riposte::testing::BabbleModel small(4096);
  Server server(options_, small.served());
  const auto port = server.start();
  ASSERT_TRUE(port) << port.error().message;
  RawClient client(*port);
  client.send(post(chat_body(std::string(1 << 20, 'x'))));
  const Response response = client.receive();
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.json().at("error").at("code"), "context_length_exceeded");
  client.send(get("/health"));
  EXPECT_EQ(client.receive().status, 200);
}

TEST_F(ServerTest, ABodyBeyondTheLimitIsA413) {
  options_.max_body_bytes = 100'000;
  start();
  RawClient client = connect();
  client.send(post(std::string(200'000, ' ')));
  const Response known_length = client.receive();
  EXPECT_EQ(known_length.status, 413);
  EXPECT_EQ(known_length.headers.at("connection"), "close");
  EXPECT_TRUE(client.sees_end());

  RawClient chunked = connect();
  chunked.send("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 3; ++i) chunked.send("c350\r\n" + std::string(50'000, ' ') + "\r\n");
  EXPECT_EQ(chunked.receive().status, 413);
  expect_alive();
}

TEST_F(ServerTest, HeadersBeyondTheLimitAreA431) {
  start();
  EXPECT_EQ(ask("GET /health HTTP/1.1\r\nX: " + std::string(1 << 20, 'x') + "\r\n\r\n").status, 431);
  std::string many = "GET /health HTTP/1.1\r\n";
  for (int i = 0; i < 100'000; ++i) many += "A: b\r\n";
  EXPECT_EQ(ask(many).status, 431);
  EXPECT_EQ(ask("POST /v1/chat/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;" +
                std::string(1 << 20, 'x'))
                .status,
            431);
  expect_alive();
}

TEST_F(ServerTest, WhatIsNotHttpIsA400) {
  start();
  for (const std::string bytes :
       {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "hello\r\n\r\n",
        "GET /health HTTP/9.9\r\n\r\n", "GET /health HTTP/1.1\r\nno colon\r\n\r\n",
        "POST /v1/chat/completions HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        "POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "POST /v1/chat/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    const Response response = ask(bytes);
    EXPECT_EQ(response.status, 400) << bytes;
    EXPECT_EQ(response.json().at("error").at("type"), "invalid_request_error") << bytes;
  }
  expect_alive();
}

TEST_F(ServerTest, AClientThatLeavesMidStreamIsNotComputedForAnyMore) {
  make_answers_endless();
  start();
  RawClient client = connect();
  client.send(post(chat_body("x", R"("stream":true)")));
  ASSERT_THAT(client.receive_until("\n\n"), HasSubstr("data: "));
  client.leave();
  EXPECT_TRUE(engine_comes_to_rest());
  expect_alive();
}

TEST_F(ServerTest, AClientThatLeavesBeforeItsWholeAnswerIsNotComputedForAnyMore) {
  make_answers_endless();
  start();
  RawClient client = connect();
  client.send(post(chat_body("x")));
  ASSERT_TRUE(eventually([&] { return model_.executor.steps > 3; }));
  client.leave();
  EXPECT_TRUE(engine_comes_to_rest());
  expect_alive();
}

TEST_F(ServerTest, AResetMidStreamEndsThatStreamOnly) {
  make_answers_endless();
  start();
  std::vector<RawClient> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(connect());
    clients.back().send(post(chat_body("x", R"("stream":true)")));
    ASSERT_THAT(clients.back().receive_until("\n\n"), HasSubstr("data: "));
  }
  for (size_t i = 1; i < clients.size(); ++i) clients[i].reset();
  for (int i = 0; i < 20; ++i) EXPECT_THAT(clients[0].receive_until("\n\n"), HasSubstr("data: "));
  clients[0].reset();
  EXPECT_TRUE(engine_comes_to_rest());
  expect_alive();
}

TEST_F(ServerTest, AClientThatDoesNotReadItsStreamIsCutOff) {
  make_answers_endless();
  model_.executor.step_microseconds = 1;  // no real engine answers a million tokens in the second that closing takes
  options_.max_unsent_bytes = 1000;
  options_.write_timeout = std::chrono::hours(1);  // it is the engine's side that counts
  start();
  RawClient client(port_, /*receive_buffer=*/4096);
  client.send(post(chat_body("x", R"("stream":true,"max_tokens":1000000)")));
  EXPECT_TRUE(engine_comes_to_rest());
  EXPECT_LT(model_.executor.steps, 900'000);
  EXPECT_TRUE(client.sees_end());
  expect_alive();
}

TEST_F(ServerTest, AWriteThatIsNotTakenInTimeEndsTheConnection) {
  make_answers_endless();
  model_.executor.step_microseconds = 1;  // at full speed a fast machine ends the answer before the 200 ms are over
  options_.write_timeout = std::chrono::milliseconds(200);
  options_.max_unsent_bytes = size_t{1} << 30;
  start();
  RawClient client(port_, /*receive_buffer=*/4096);
  client.send(post(chat_body("x", R"("stream":true,"max_tokens":1000000)")));
  EXPECT_TRUE(engine_comes_to_rest());
  EXPECT_LT(model_.executor.steps, 900'000);
  expect_alive();
}

TEST_F(ServerTest, ARequestThatArrivesTooSlowlyIsA408) {
  options_.read_timeout = std::chrono::milliseconds(100);
  start();
  RawClient in_head = connect();
  in_head.send("GET /hea");
  EXPECT_EQ(in_head.receive().status, 408);
  EXPECT_TRUE(in_head.sees_end());
  RawClient in_body = connect();
  in_body.send("POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 100\r\n\r\n{");
  EXPECT_EQ(in_body.receive().status, 408);
  expect_alive();
}

TEST_F(ServerTest, AnIdleConnectionIsClosed) {
  options_.idle_timeout = std::chrono::milliseconds(100);
  start();
  RawClient client = connect();
  client.send(get("/health"));
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_TRUE(client.sees_end());
}

TEST_F(ServerTest, ConnectionsBeyondTheLimitGetA503) {
  options_.max_connections = 4;
  start();
  std::vector<RawClient> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(connect());
    clients.back().send(get("/health"));
    ASSERT_EQ(clients.back().receive().status, 200);
  }
  const Response refused = connect().receive();
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.headers.at("retry-after-ms"), "200");
  clients.clear();
  EXPECT_TRUE(eventually([&] { return ask(get("/health")).status == 200; }));
}

TEST_F(ServerTest, HundredsOfConnectionsThatSayNothingDoNotStopOthers) {
  start();
  std::vector<RawClient> silent;
  for (int i = 0; i < 300; ++i) {
    silent.push_back(connect());
    ASSERT_TRUE(silent.back().connected());
    if (i % 2) silent.back().send("POST /v1/chat/comp");
  }
  expect_alive();
}

TEST_F(ServerTest, AnExecutorThatFailsIsA500AndTheServerGoesOn) {
  model_.executor.fails = true;
  start();
  for (const char* stream : {"false", "true"}) {
    const Response response = ask(post(chat_body("x", std::string("\"stream\":") + stream)));
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(response.json().at("error").at("type"), "server_error");
  }
  model_.executor.fails = false;
  expect_alive();
}

TEST_F(ServerTest, AFailureInTheMiddleOfAStreamIsAnEventAndTheEnd) {
  make_answers_endless();
  start();
  RawClient client = connect();
  client.send(post(chat_body("x", R"("stream":true)")));
  ASSERT_THAT(client.receive_until("\n\n"), HasSubstr("data: "));
  model_.executor.fails = true;
  EXPECT_THAT(client.receive_until("internal_error"), HasSubstr("\"error\""));
  EXPECT_TRUE(client.sees_end());
  model_.executor.fails = false;
  expect_alive();
}

}  // namespace
}  // namespace riposte::server
