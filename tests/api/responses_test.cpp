#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "api/responses_request.h"
#include "support/babble_model.h"
#include "support/events.h"

namespace riposte::api {
namespace {

using riposte::testing::BabbleModel;
using riposte::testing::Event;
using riposte::testing::events_of;
using ::testing::ElementsAre;

constexpr uint64_t kRandomSeed = 4711;
const RequestContext kContext{"1", 1'700'000'000, kRandomSeed};

ResponsesRequest parsed(const std::string& body) {
  const auto request = parse_responses_request(body, kRandomSeed);
  EXPECT_TRUE(request) << body << ": " << request.error().message;
  return request ? *request : ResponsesRequest{};
}

engine::Finish finish_for(engine::FinishReason reason) {
  engine::Finish finish;
  finish.reason = reason;
  finish.usage = {.prompt_tokens = 10, .cached_tokens = 4, .output_tokens = 3};
  return finish;
}

TEST(ResponsesRequest, ATextIsTheMessageOfAUserBehindTheInstructions) {
  const auto messages =
      parsed(R"({"input":"he go","instructions":"Correct it.","max_output_tokens":5})").chat.messages;
  EXPECT_EQ(messages.for_template, boost::json::parse(R"([
    {"role": "system", "content": "Correct it."}, {"role": "user", "content": "he go"}])"));
  EXPECT_EQ(messages.last_user_text, "he go");
}

TEST(ResponsesRequest, ItemsAreMessages) {
  const auto messages = parsed(R"({"input":[{"role":"developer","content":"d"},
    {"type":"message","role":"user","content":[{"type":"input_text","text":"a"}]},
    {"role":"assistant","content":[{"type":"output_text","text":"b","annotations":[]}]}]})")
                            .chat.messages;
  EXPECT_EQ(messages.for_template, boost::json::parse(R"([{"role": "system", "content": "d"},
    {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}])"));
}

TEST(ResponsesRequest, WhatIsWrongIsRefusedWithTheFieldsName) {
  const std::vector<std::pair<std::string, std::string>> refusals = {
      {"", ""},
      {"[]", ""},
      {"{}", "input"},
      {R"({"input":5})", "input"},
      {R"({"input":[]})", "input"},
      {R"({"input":[5]})", "input[0]"},
      {R"({"input":[{"role":"king","content":"x"}]})", "input[0].role"},
      {R"({"input":[{"type":"function_call_output","call_id":"1","output":5}]})", "input[0].output"},
      {R"({"input":[{"type":"function_call","name":"a","arguments":"{"}]})", "input[0].arguments"},
      {R"({"input":[{"type":"reasoning"}]})", "input[0].type"},
      {R"({"input":[{"role":"user","content":[{"type":"input_image"}]}]})", "input[0].content[0].type"},
      {R"({"input":"x","previous_response_id":"resp_1"})", "previous_response_id"},
      {R"({"input":"x","background":true})", "background"},
      {R"({"input":"x","tools":[{"type":"web_search"}]})", "tools[0].type"},
      {R"({"input":"x","tool_choice":"required"})", "tool_choice"},
      {R"({"input":"x","text":{"format":{"type":"json"}}})", "text.format"},
      {R"({"input":"x","text":{"format":{"type":"json_schema"}}})", "text.format.schema"},
      {R"({"input":"x","max_output_tokens":-1})", "max_output_tokens"},
      {R"({"input":"x","top_p":2})", "top_p"},
  };
  for (const auto& [body, param] : refusals) {
    const auto request = parse_responses_request(body, kRandomSeed);
    ASSERT_FALSE(request) << body;
    EXPECT_EQ(request.error().param, param) << body;
  }
}

TEST(Responses, AWholeAnswerHasOneMessage) {
  BabbleModel model;
  const auto generation =
      read_responses(R"({"input":"x","temperature":0,"metadata":{"a":"b"}})", model.served(), kContext);
  ASSERT_TRUE(generation) << generation.error().message;
  const std::vector<ChoiceAnswer> choices{{{"hello", {}}, finish_for(engine::FinishReason::kStop)}};
  const auto answer = boost::json::parse(generation->writer->whole(choices));
  EXPECT_EQ(answer.at("object"), "response");
  EXPECT_EQ(answer.at("status"), "completed");
  EXPECT_EQ(answer.at("metadata").at("a"), "b");
  EXPECT_EQ(answer.at("output"),
            boost::json::parse(R"([{"type": "message", "id": "msg_1", "status": "completed",
    "role": "assistant", "content": [{"type": "output_text", "text": "hello", "annotations": [], "logprobs": []}]}])"));
  EXPECT_EQ(answer.at("usage"),
            boost::json::parse(R"({"input_tokens": 10, "input_tokens_details": {"cached_tokens": 4},
    "output_tokens": 3, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 13})"));
}

TEST(Responses, AStreamGrowsTheResponseInNumberedEvents) {
  BabbleModel model;
  const auto generation = read_responses(R"({"input":"x","stream":true})", model.served(), kContext);
  ASSERT_TRUE(generation);
  std::string out;
  generation->writer->begin(out);
  generation->writer->part(0, {"he", {}}, out);
  generation->writer->part(0, {"llo", {}}, out);
  generation->writer->end(0, finish_for(engine::FinishReason::kLength), out);
  generation->writer->done(out);
  std::vector<std::string> names;
  int64_t number = 0;
  for (const Event& event : events_of(out)) {
    names.push_back(event.name);
    const auto data = boost::json::parse(event.data);
    EXPECT_EQ(data.at("type").as_string(), event.name);
    EXPECT_EQ(data.at("sequence_number"), number++);
  }
  EXPECT_THAT(names,
              ElementsAre("response.created", "response.in_progress", "response.output_item.added",
                          "response.content_part.added", "response.output_text.delta",
                          "response.output_text.delta", "response.output_text.done",
                          "response.content_part.done", "response.output_item.done", "response.incomplete"));
  const auto last = boost::json::parse(events_of(out).back().data).at("response");
  EXPECT_EQ(last.at("output").at(0).at("content").at(0).at("text"), "hello");
  EXPECT_EQ(last.at("incomplete_details").at("reason"), "max_output_tokens");
}

constexpr const char* kWithTool = R"({"input":"x","stream":true,"tools":[{"type":"function","name":"weather",
    "parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}]})";

TEST(Responses, ACallIsAnItemOfItsOwnAndItsEventsAreThoseOfOpenAi) {
  BabbleModel model;
  const auto generation = read_responses(kWithTool, model.served(), kContext);
  ASSERT_TRUE(generation) << generation.error().message;
  std::string out;
  generation->writer->begin(out);
  generation->writer->part(0, {"I look.\n<tool_call>\n{\"name\": \"weather\", \"argu", {}}, out);
  generation->writer->part(0, {"ments\": {\"city\": \"Kiel\"}}\n</tool_call>", {}}, out);
  generation->writer->end(0, finish_for(engine::FinishReason::kStop), out);
  std::vector<std::string> names;
  for (const Event& event : events_of(out)) names.push_back(event.name);
  EXPECT_THAT(names,
              ElementsAre("response.created", "response.in_progress", "response.output_item.added",
                          "response.content_part.added", "response.output_text.delta", "response.output_text.done",
                          "response.content_part.done", "response.output_item.done", "response.output_item.added",
                          "response.function_call_arguments.delta", "response.function_call_arguments.done",
                          "response.output_item.done", "response.completed"));
  const auto output = boost::json::parse(events_of(out).back().data).at("response").at("output");
  EXPECT_EQ(output.at(0).at("content").at(0).at("text"), "I look.");
  EXPECT_EQ(output.at(1), boost::json::parse(R"({"type": "function_call", "id": "fc_1_1", "call_id": "call_1_1",
      "name": "weather", "arguments": "{\"city\":\"Kiel\"}", "status": "completed"})"));
}

TEST(Responses, ACallAndWhatCameOfItAreReadBack) {
  const auto read = parse_responses_request(R"({"input":[{"role":"user","content":"x"},
      {"type":"function_call","call_id":"c1","name":"weather","arguments":"{\"city\":\"Kiel\"}"},
      {"type":"function_call_output","call_id":"c1","output":"rain"}]})", kRandomSeed);
  ASSERT_TRUE(read) << read.error().message;
  const auto& messages = read->chat.messages.for_template;
  ASSERT_EQ(messages.size(), 3u);
  EXPECT_EQ(messages[1].at("tool_calls").at(0).at("function").at("arguments"),
            boost::json::parse(R"({"city":"Kiel"})"));
  EXPECT_EQ(messages[2].at("role"), "tool");
  EXPECT_EQ(messages[2].at("content"), "rain");
}

}  // namespace
}  // namespace riposte::api
