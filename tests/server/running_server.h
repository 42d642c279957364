// A server of the babbling model on a free port, for as long as a test needs it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include "raw_client.h"
#include "server/server.h"
#include "support/babble_model.h"

namespace riposte::server {

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    options_.port = 0;
    options_.stop_grace = std::chrono::milliseconds(500);
  }
  ~ServerTest() override { server_.reset(); }

  // Called once, after options_ were changed as the test needs them.
  void start() {
    server_ = std::make_unique<Server>(options_, model_.served());
    const auto port = server_->start();
    ASSERT_TRUE(port) << port.error().message;
    port_ = *port;
  }
  RawClient connect() { return RawClient(port_); }
  Response ask(const std::string& request) {
    RawClient client = connect();
    client.send(request);
    return client.receive();
  }
  // Whether the condition comes true within a minute.
  template <class Condition>
  static bool eventually(const Condition& condition) {
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < patience) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return false;
  }
  // Whether the engine has nothing to compute any more. An endless answer takes a step every millisecond for
  // an hour.
  bool engine_comes_to_rest() {
    return eventually([&] {
      const int64_t before = model_.executor.steps;
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      return model_.executor.steps == before;
    });
  }
  void make_answers_endless() {
    model_.executor.endless = true;
    model_.executor.step_microseconds = 1000;
  }
  void expect_alive() {
    EXPECT_EQ(ask(get("/health")).status, 200);
    model_.executor.endless = false;
    model_.executor.step_microseconds = 0;
    EXPECT_EQ(ask(post(chat_body("still there?"))).status, 200);
  }

  riposte::testing::BabbleModel model_{/*context=*/1 << 20};
  ServerOptions options_;
  std::unique_ptr<Server> server_;
  uint16_t port_ = 0;
};

}  // namespace riposte::server
