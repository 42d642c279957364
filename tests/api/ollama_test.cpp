#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "api/ollama_models.h"
#include "api/ollama_request.h"
#include "api/ollama_writer.h"
#include "support/babble_model.h"

namespace riposte::api {
namespace {

using riposte::testing::BabbleModel;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr uint64_t kRandomSeed = 4711;
const RequestContext kContext{"1", 1'700'000'000, kRandomSeed};

engine::Finish finish() {
  engine::Finish finish;
  finish.reason = engine::FinishReason::kLength;
  finish.usage = {.prompt_tokens = 10, .output_tokens = 3};
  finish.timings = {std::chrono::nanoseconds(1), std::chrono::nanoseconds(20), std::chrono::nanoseconds(300)};
  return finish;
}

class OllamaTest : public ::testing::Test {
 protected:
  Generation generate(const std::string& body) {
    return taken(read_ollama_generate(body, model_.served(), kContext));
  }
  Generation chat(const std::string& body) {
    return taken(read_ollama_chat(body, model_.served(), kContext));
  }
  std::string prompt_of(const Generation& generation) {
    return model_.tokenizer.decode(generation.requests.at(0).prompt, /*with_control=*/true);
  }
  static Generation taken(ApiResult<Generation> generation) {
    EXPECT_TRUE(generation) << generation.error().message;
    return std::move(*generation);
  }

  BabbleModel model_;
};

TEST_F(OllamaTest, APromptGoesThroughTheTemplateUnlessItIsRaw) {
  EXPECT_EQ(prompt_of(generate(R"({"model":"tiny/babble","prompt":"hi","system":"s"})")),
            "<|im_start|>system\ns<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n");
  EXPECT_EQ(prompt_of(generate(R"({"model":"tiny/babble","prompt":"hi","raw":true})")), "hi");
}

TEST_F(OllamaTest, AnswersStreamUnlessTheRequestSaysOtherwise) {
  EXPECT_TRUE(generate(R"({"model":"tiny/babble","prompt":"hi"})").stream);
  EXPECT_FALSE(
      chat(R"({"model":"tiny/babble:latest","messages":[{"role":"user","content":"x"}],"stream":false})")
          .stream);
}

TEST_F(OllamaTest, OptionsArriveUnderOllamasNames) {
  const auto generation = generate(
      R"({"model":"tiny/babble","prompt":"hi","keep_alive":"5m","options":{"temperature":0.5,"num_predict":9,
      "repeat_penalty":1.5,"seed":3,"stop":["a"],"num_ctx":4096,"num_gpu":1}})");
  const engine::Request& request = generation.requests.at(0);
  EXPECT_EQ(request.max_tokens, 9);
  EXPECT_EQ(request.sampling.temperature, 0.5f);
  EXPECT_EQ(request.sampling.repetition_penalty, 1.5f);
  EXPECT_EQ(request.sampling.seed, 3u);
  EXPECT_THAT(request.stop, ElementsAre("a"));
  EXPECT_TRUE(generation.repeatable);
  const auto endless = generate(R"({"model":"tiny/babble","prompt":"hi","options":{"num_predict":-1}})");
  EXPECT_GT(endless.requests.at(0).max_tokens, 1000);
}

TEST_F(OllamaTest, NothingToAnswerMeansThatTheModelIsToBeLoaded) {
  for (const Generation& generation :
       {generate(R"({"model":"tiny/babble"})"), chat(R"({"model":"tiny/babble","messages":[]})")}) {
    EXPECT_TRUE(generation.requests.empty());
    const auto answer = boost::json::parse(generation.writer->whole({}));
    EXPECT_EQ(answer.at("done"), true);
    EXPECT_EQ(answer.at("done_reason"), "load");
    std::string line;
    generation.writer->begin(line);
    generation.writer->done(line);
    EXPECT_EQ(boost::json::parse(line), answer);
  }
}

TEST_F(OllamaTest, CallsOfToolsComeWithTheirArgumentsAsAnObject) {
  const auto expected = boost::json::parse(R"([{"function": {"name": "weather", "arguments": {"city": "Kiel"}}}])");
  const std::string text = "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Kiel\"}}\n</tool_call>";
  const auto read = [&] {
    return read_ollama_chat(R"({"model":"tiny/babble","messages":[{"role":"user","content":"x"}],
        "tools":[{"type":"function","function":{"name":"weather"}}]})", model_.served(), kContext);
  };
  auto whole = read();
  ASSERT_TRUE(whole) << whole.error().message;
  const std::vector<ChoiceAnswer> choices{{{text, {}}, finish()}};
  const auto answer = boost::json::parse(whole->writer->whole(choices));
  EXPECT_EQ(answer.at("message").at("tool_calls"), expected);
  EXPECT_EQ(answer.at("message").at("content"), "");
  auto streamed = read();
  std::string lines;
  streamed->writer->part(0, {text.substr(0, 20), {}}, lines);
  EXPECT_EQ(lines, "") << "it may become a call";
  streamed->writer->part(0, {text.substr(20), {}}, lines);
  streamed->writer->end(0, finish(), lines);
  const auto first = boost::json::parse(lines.substr(0, lines.find('\n')));
  EXPECT_EQ(first.at("message").at("tool_calls"), expected);
  EXPECT_EQ(first.at("done"), false);
}

TEST_F(OllamaTest, WhatIsWrongIsRefused) {
  const std::vector<std::pair<std::string, int>> refusals = {
      {"", 400},
      {"[]", 400},
      {"{}", 404},
      {R"({"model":"other","prompt":"x"})", 404},
      {R"({"model":"tiny/babble","prompt":5})", 400},
      {R"({"model":"tiny/babble","prompt":"x","format":"yaml"})", 400},
      {R"({"model":"tiny/babble","prompt":"x","format":{"pattern":"x"}})", 400},
      {R"({"model":"tiny/babble","prompt":"x","images":["AAAA"]})", 400},
      {R"({"model":"tiny/babble","prompt":"x","suffix":"y"})", 400},
      {R"({"model":"tiny/babble","prompt":"x","options":{"temperature":"hot"}})", 400},
      {R"({"model":"tiny/babble","prompt":"x","options":[]})", 400},
  };
  for (const auto& [body, status] : refusals) {
    const auto generation = read_ollama_generate(body, model_.served(), kContext);
    ASSERT_FALSE(generation) << body;
    EXPECT_EQ(generation.error().status, status) << body;
  }
  const auto picture = read_ollama_chat(
      R"({"model":"tiny/babble","messages":[{"role":"user","content":"x","images":["AAAA"]}]})",
      model_.served(), kContext);
  ASSERT_FALSE(picture);
  EXPECT_THAT(picture.error().message, HasSubstr("messages[0].images"));
}

TEST_F(OllamaTest, AnAnswerHasItsDurationsInNanoseconds) {
  OllamaWriter writer("tiny/babble", 1'700'000'000, OllamaAnswer::kText);
  const std::vector<ChoiceAnswer> choices{{{"a\n", {}}, finish()}};
  EXPECT_EQ(boost::json::parse(writer.whole(choices)), boost::json::parse(R"({
    "model": "tiny/babble", "created_at": "2023-11-14T22:13:20Z", "response": "a\n", "done": true,
    "done_reason": "length", "total_duration": 321, "load_duration": 0, "prompt_eval_count": 10,
    "prompt_eval_duration": 20, "eval_count": 3, "eval_duration": 300})"));
}

TEST_F(OllamaTest, AStreamIsALineForEachPieceAndOneForTheEnd) {
  OllamaWriter writer("m", 0, OllamaAnswer::kMessage);
  std::string out;
  writer.begin(out);
  writer.part(0, {"a", {}}, out);
  writer.end(0, finish(), out);
  writer.done(out);
  const size_t line = out.find('\n');
  const auto first = boost::json::parse(out.substr(0, line));
  EXPECT_EQ(first.at("message"), boost::json::parse(R"({"role":"assistant","content":"a"})"));
  EXPECT_EQ(first.at("done"), false);
  const auto last = boost::json::parse(out.substr(line + 1));
  EXPECT_EQ(last.at("done_reason"), "length");
  EXPECT_EQ(last.at("message").at("content"), "");
}

TEST_F(OllamaTest, TheServedModelIsListedRunningAndShown) {
  ServedModel served = model_.served();
  served.details = {"qwen2", "Q4_K", "{{ x }}", 1'543'714'304, 1000, 1'700'000'000};
  const auto listed = boost::json::parse(*ollama_tags("", served)).at("models").at(0);
  EXPECT_EQ(listed.at("name"), "tiny/babble");
  EXPECT_EQ(listed.at("modified_at"), "2023-11-14T22:13:20Z");
  EXPECT_EQ(listed.at("details").at("parameter_size"), "1.5B");
  EXPECT_EQ(boost::json::parse(*ollama_ps("", served)).at("models").at(0).at("model"), "tiny/babble");
  const auto shown = boost::json::parse(*ollama_show(R"({"model":"tiny/babble"})", served));
  EXPECT_EQ(shown.at("template"), "{{ x }}");
  EXPECT_EQ(shown.at("model_info").at("general.architecture"), "qwen2");
  EXPECT_EQ(ollama_show(R"({"model":"other"})", served).error().status, 404);
  EXPECT_EQ(ollama_show("{}", served).error().status, 400);
}

TEST_F(OllamaTest, TheServedModelIsThereAlreadyAndStays) {
  const ServedModel served = model_.served();
  EXPECT_EQ(*ollama_pull(R"({"model":"tiny/babble","stream":false})", served), R"({"status":"success"})");
  EXPECT_THAT(ollama_pull(R"({"name":"llama3"})", served).error().message, HasSubstr("riposte pull llama3"));
  EXPECT_EQ(ollama_delete(R"({"model":"tiny/babble"})", served).error().status, 403);
  EXPECT_EQ(ollama_delete(R"({"model":"llama3"})", served).error().status, 404);
}

}  // namespace
}  // namespace riposte::api
