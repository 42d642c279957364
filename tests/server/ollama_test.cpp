// Ollama's dialect over a socket.
#include <boost/json.hpp>
#include <sstream>
#include <string>

#include "running_server.h"

namespace riposte::server {
namespace {

TEST_F(ServerTest, AStreamOfLinesHasTheTextOfTheWholeAnswer) {
  start();
  const std::string body = R"({"model":"tiny/babble","prompt":"hi","options":{"temperature":0})";
  const Response whole = ask(post_to("/api/generate", body + R"(,"stream":false})"));
  ASSERT_EQ(whole.status, 200) << whole.body;
  const Response stream = ask(post_to("/api/generate", body + "}"));
  EXPECT_EQ(stream.headers.at("content-type"), "application/x-ndjson");
  std::string text, line;
  bool done = false;
  for (std::istringstream lines(stream.body); std::getline(lines, line);) {
    EXPECT_FALSE(done) << "nothing comes behind the end";
    const auto piece = boost::json::parse(line);
    text += piece.at("response").as_string();
    done = piece.at("done").as_bool();
  }
  EXPECT_TRUE(done);
  EXPECT_EQ(whole.json().at("response").as_string(), text);
}

TEST_F(ServerTest, LoadingAModelIsAnsweredAtOnce) {
  start();
  const Response response = ask(post_to("/api/chat", R"({"model":"tiny/babble","messages":[]})"));
  ASSERT_EQ(response.status, 200);
  EXPECT_EQ(response.json().at("done_reason"), "load");
  EXPECT_EQ(model_.executor.steps, 0);
}

TEST_F(ServerTest, ErrorsHaveTheShapeThatTheClientKnows) {
  start();
  const Response response = ask(post_to("/api/chat", R"({"model":"other"})"));
  EXPECT_EQ(response.status, 404);
  EXPECT_TRUE(response.json().at("error").is_string());
  const std::string body = R"({"model":"tiny/babble"})";
  EXPECT_EQ(
      ask("DELETE /api/delete HTTP/1.1\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body)
          .status,
      403);
}

}  // namespace
}  // namespace riposte::server
