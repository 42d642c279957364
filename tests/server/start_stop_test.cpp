#include <thread>

#include "running_server.h"

namespace riposte::server {
namespace {

using ::testing::HasSubstr;

TEST_F(ServerTest, APortInUseIsAClearError) {
  start();
  options_.port = port_;
  Server second(options_, model_.served());
  const auto port = second.start();
  ASSERT_FALSE(port);
  EXPECT_EQ(port.error().code, ErrorCode::kIo);
  EXPECT_THAT(port.error().message, HasSubstr("port " + std::to_string(port_) + " of 127.0.0.1 is in use"));
}

TEST_F(ServerTest, WhatIsNoAddressIsAClearError) {
  for (const char* address : {"", "example.org", "300.1.1.1"}) {
    options_.address = address;
    Server server(options_, model_.served());
    const auto port = server.start();
    ASSERT_FALSE(port) << address;
    EXPECT_EQ(port.error().code, ErrorCode::kInvalidArgument);
  }
  options_.address = "192.0.2.1";  // reserved for documentation: no machine has it
  Server server(options_, model_.served());
  const auto port = server.start();
  ASSERT_FALSE(port);
  EXPECT_THAT(port.error().message, HasSubstr("192.0.2.1"));
}

TEST_F(ServerTest, AServerThatNeverStartedStopsAtOnce) {
  Server server(options_, model_.served());
  server.stop();
  server.wait();
}

TEST_F(ServerTest, AStopClosesIdleConnectionsAndReturns) {
  start();
  RawClient client = connect();
  client.send(get("/health"));
  ASSERT_EQ(client.receive().status, 200);
  server_->stop();
  server_->wait();
  EXPECT_TRUE(client.sees_end());
  EXPECT_FALSE(connect().connected());
}

TEST_F(ServerTest, AStopLetsARunningAnswerFinish) {
  model_.executor.endless = true;
  model_.executor.step_microseconds = 1000;
  options_.stop_grace = std::chrono::seconds(30);
  start();
  RawClient client = connect();
  client.send(post(chat_body("x", R"("max_tokens":100)")));
  ASSERT_TRUE(eventually([&] { return model_.executor.steps > 3; }));
  server_->stop();
  const Response response = client.receive();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.json().at("usage").at("completion_tokens"), 100);
  server_->wait();
  EXPECT_TRUE(client.sees_end());
}

TEST_F(ServerTest, AStopCancelsWhatDoesNotFinishInTimeAndTellsTheClient) {
  make_answers_endless();
  options_.stop_grace = std::chrono::milliseconds(100);
  start();
  RawClient whole = connect();
  whole.send(post(chat_body("x")));
  RawClient stream = connect();
  stream.send(post(chat_body("y", R"("stream":true)")));
  ASSERT_THAT(stream.receive_until("\n\n"), HasSubstr("data: "));
  ASSERT_TRUE(eventually([&] { return model_.executor.steps > 3; }));
  server_->stop();
  const Response response = whole.receive();
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.json().at("error").at("code"), "cancelled");
  EXPECT_THAT(stream.receive_until("\"cancelled\""), HasSubstr("\"error\""));
  server_->wait();
  EXPECT_TRUE(engine_comes_to_rest());
}

TEST_F(ServerTest, AServerMayGoWhileClientsAreBeingServed) {
  make_answers_endless();
  options_.stop_grace = std::chrono::milliseconds(0);
  start();
  std::vector<RawClient> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(connect());
    clients.back().send(post(chat_body("x", i % 2 ? R"("stream":true)" : "")));
  }
  ASSERT_TRUE(eventually([&] { return model_.executor.steps > 3; }));
  server_.reset();
  for (RawClient& client : clients) EXPECT_TRUE(client.sees_end());
  EXPECT_TRUE(engine_comes_to_rest());
}

}  // namespace
}  // namespace riposte::server
