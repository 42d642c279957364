// Answers that were given before.
#include <boost/json.hpp>
#include <string>

#include "running_server.h"
#include "support/events.h"

namespace riposte::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

bool was_cached(const Response& response) {
  return response.headers.at("server-timing").find("cache;desc=hit") != std::string::npos;
}

TEST_F(ServerTest, AGreedyAnswerIsComputedOnce) {
  start();
  const Response first = ask(post(chat_body("again")));
  const int64_t steps = model_.executor.steps;
  const Response second = ask(post(chat_body("again")));
  EXPECT_FALSE(was_cached(first));
  EXPECT_TRUE(was_cached(second));
  EXPECT_EQ(model_.executor.steps, steps);
  EXPECT_EQ(second.json().at("choices"), first.json().at("choices"));
  EXPECT_NE(second.json().at("id"), first.json().at("id"));
  EXPECT_EQ(second.json().at("usage").at("prompt_tokens_details").at("cached_tokens"),
            first.json().at("usage").at("prompt_tokens"));
}

TEST_F(ServerTest, AWholeAnswerIsReplayedAsAStreamAndInOtherDialects) {
  start();
  const std::string whole(
      ask(post(chat_body("replay"))).json().at("choices").at(0).at("message").at("content").as_string());
  const Response stream = ask(post(chat_body("replay", R"("stream":true)")));
  EXPECT_TRUE(was_cached(stream));
  std::string text;
  for (const auto& event : riposte::testing::events_of(stream.body)) {
    if (event.data == "[DONE]") continue;
    const auto delta = boost::json::parse(event.data).at("choices").at(0).at("delta").as_object();
    if (const auto* content = delta.if_contains("content")) text += content->as_string();
  }
  EXPECT_EQ(text, whole);
  const Response other = ask(post_to("/v1/responses", R"({"input":"replay","temperature":0})"));
  EXPECT_TRUE(was_cached(other));
}

TEST_F(ServerTest, AnAnswerToARandomSeedIsNotKept) {
  start();
  const std::string body = R"({"temperature":1,"messages":[{"role":"user","content":"dice"}])";
  ask(post(body + "}"));
  EXPECT_FALSE(was_cached(ask(post(body + "}"))));
  ask(post(body + R"(,"seed":1})"));
  EXPECT_TRUE(was_cached(ask(post(body + R"(,"seed":1})"))));
}

TEST_F(ServerTest, ARequestMaySayThatItsAnswerIsNotToBeKeptOrNotToBeOld) {
  start();
  ask(post(chat_body("secret"), "Cache-Control: No-Store\r\n"));
  EXPECT_FALSE(was_cached(ask(post(chat_body("secret")))));
  EXPECT_FALSE(was_cached(ask(post(chat_body("secret"), "Cache-Control: max-age=0, no-cache\r\n"))));
  EXPECT_TRUE(was_cached(ask(post(chat_body("secret")))));
}

TEST_F(ServerTest, WithoutACacheEverythingIsComputed) {
  options_.cache_bytes = 0;
  start();
  ask(post(chat_body("again")));
  EXPECT_FALSE(was_cached(ask(post(chat_body("again")))));
}

TEST_F(ServerTest, MetricsCountWhatHappened) {
  start();
  ask(post(chat_body("count me")));
  ask(post(chat_body("count me")));
  ask(get("/nothing"));
  const Response response = ask(get("/metrics"));
  EXPECT_THAT(response.headers.at("content-type"), HasSubstr("text/plain"));
  for (const char* line :
       {"riposte_response_cache_hits_total 1", "riposte_response_cache_misses_total 1",
        "riposte_http_answers_total{status=\"404\"} 1", "riposte_http_answers_total{status=\"200\"} 2",
        "riposte_prefill_seconds_count 1", "riposte_answer_seconds_count 2", "riposte_requests_total 1",
        "riposte_connections ", "vllm:num_requests_waiting{model_name=\"tiny/babble\"} 0",
        "vllm:num_requests_running{model_name=\"tiny/babble\"} 0", "vllm:kv_cache_usage_perc{model_name=\"tiny/babble\"} 0",
        "vllm:gpu_cache_usage_perc", "vllm:lora_requests_info{max_lora=\"0\"", "vllm:cache_config_info{block_size=\"16\""}) {
    EXPECT_THAT(response.body, HasSubstr(line));
  }
  EXPECT_THAT(response.body, Not(HasSubstr("riposte_resident_bytes 0")));
}

TEST_F(ServerTest, MetricsTellRoutersWhatIsRunningAndHowMuchMemoryItHolds) {
  make_answers_endless();
  start();
  RawClient client = connect();
  client.send(post(chat_body("x", R"("stream":true)")));
  ASSERT_THAT(client.receive_until("\n\n"), HasSubstr("data: "));
  EXPECT_TRUE(eventually([&] {
    const std::string text = ask(get("/metrics")).body;
    return text.find("vllm:num_requests_running{model_name=\"tiny/babble\"} 1") != std::string::npos &&
           text.find("riposte_kv_in_use_ratio 0\n") == std::string::npos;
  }));
}

}  // namespace
}  // namespace riposte::server
