// Vectors over a socket.
#include <boost/json.hpp>
#include <string>
#include <vector>

#include "running_server.h"

namespace riposte::server {
namespace {

std::vector<float> vector_of(const boost::json::value& value) {
  return boost::json::value_to<std::vector<float>>(value);
}

TEST_F(ServerTest, AVectorIsTheSameAloneInAListAndInEveryDialect) {
  start();
  const auto alone = ask(post_to("/v1/embeddings", R"({"input":"second"})"));
  ASSERT_EQ(alone.status, 200) << alone.body;
  const auto expected = vector_of(alone.json().at("data").at(0).at("embedding"));
  EXPECT_EQ(expected.size(), 12u);
  const auto list = ask(post_to("/v1/embeddings", R"({"input":["first","second","third"]})"));
  EXPECT_EQ(vector_of(list.json().at("data").at(1).at("embedding")), expected);
  EXPECT_NE(vector_of(list.json().at("data").at(0).at("embedding")), expected);
  const auto ollama = ask(post_to("/api/embed", R"({"model":"tiny/babble","input":"second"})"));
  EXPECT_EQ(vector_of(ollama.json().at("embeddings").at(0)), expected);
  const auto older = ask(post_to("/api/embeddings", R"({"model":"tiny/babble","prompt":"second"})"));
  EXPECT_EQ(vector_of(older.json().at("embedding")), expected);
}

TEST_F(ServerTest, AVectorIsComputedOnce) {
  start();
  const std::string body = R"({"input":["first","second"]})";
  const auto first = ask(post_to("/v1/embeddings", body));
  ASSERT_EQ(first.status, 200) << first.body;
  const int64_t steps = model_.executor.steps;
  EXPECT_EQ(ask(post_to("/v1/embeddings", body)).body, first.body);
  const auto one = ask(post_to("/v1/embeddings", R"({"input":"second","encoding_format":"float"})"));
  EXPECT_EQ(one.json().at("data").at(0).at("embedding"), first.json().at("data").at(1).at("embedding"));
  EXPECT_EQ(one.headers.at("server-timing").find("cache;desc=hit") != std::string::npos, true);
  EXPECT_EQ(model_.executor.steps, steps);
  ask(post_to("/v1/embeddings", R"({"input":"second","pooling":"last"})"));
  EXPECT_GT(model_.executor.steps, steps) << "another vector";
}

TEST_F(ServerTest, AListMayBeLongerThanTheQueue) {
  start();
  std::string inputs;
  for (int i = 0; i < 1000; ++i) inputs += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\"";
  const auto answer = ask(post_to("/v1/embeddings", R"({"input":[)" + inputs + "]}"));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json().at("data").as_array().size(), 1000u);
  EXPECT_EQ(ask(post_to("/v1/embeddings", R"({"input":"999"})")).json().at("data").at(0).at("embedding"),
            answer.json().at("data").at(999).at("embedding"));
}

}  // namespace
}  // namespace riposte::server
