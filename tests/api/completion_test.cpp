#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "api/completion_request.h"
#include "support/babble_model.h"
#include "support/events.h"

namespace riposte::api {
namespace {

using riposte::testing::BabbleModel;
using riposte::testing::events_of;
using riposte::testing::kFirstByteToken;
using ::testing::ElementsAre;

constexpr uint64_t kRandomSeed = 4711;
const RequestContext kContext{"1", 1'700'000'000, kRandomSeed};

CompletionRequest parsed(const std::string& body) {
  const auto request = parse_completion_request(body, kRandomSeed);
  EXPECT_TRUE(request) << body << ": " << request.error().message;
  return request ? *request : CompletionRequest{};
}

ChoiceAnswer answer(std::string text) {
  engine::Finish finish;
  finish.usage = {.prompt_tokens = 4, .output_tokens = static_cast<int32_t>(text.size())};
  return {{std::move(text), {}}, finish};
}

TEST(CompletionRequest, APromptIsATextOrTokensOrAListOfEither) {
  EXPECT_THAT(parsed(R"({"prompt":"ab"})").prompts.list, ElementsAre(TokenInput("ab")));
  EXPECT_THAT(parsed(R"({"prompt":[5,6]})").prompts.list,
              ElementsAre(TokenInput(std::vector<TokenId>{5, 6})));
  EXPECT_THAT(parsed(R"({"prompt":["a","b"]})").prompts.list,
              ElementsAre(TokenInput("a"), TokenInput("b")));
  EXPECT_EQ(parsed(R"({"prompt":[[5],[6,7]]})").prompts.list.size(), 2u);
}

TEST(CompletionRequest, SixteenTokensAreTheDefaultLength) {
  EXPECT_EQ(parsed(R"({"prompt":"a"})").max_tokens, 16);
  EXPECT_EQ(parsed(R"({"prompt":"a","max_tokens":3})").max_tokens, 3);
}

TEST(CompletionRequest, WhatIsWrongIsRefusedWithTheFieldsName) {
  const std::vector<std::pair<std::string, std::string>> refusals = {
      {"", ""},
      {"[]", ""},
      {"{}", "prompt"},
      {R"({"prompt":5})", "prompt"},
      {R"({"prompt":[-1]})", "prompt"},
      {R"({"prompt":[1.5]})", "prompt"},
      {R"({"prompt":["a",1]})", "prompt[1]"},
      {R"({"prompt":[[1],["x"]]})", "prompt[1]"},
      {R"({"prompt":"a","suffix":"b"})", "suffix"},
      {R"({"prompt":"a","best_of":2})", "best_of"},
      {R"({"prompt":"a","n":0})", "n"},
      {R"({"prompt":"a","logprobs":21})", "logprobs"},
      {R"({"prompt":"a","logprobs":1,"echo":true})", "echo"},
      {R"({"prompt":"a","temperature":9})", "temperature"},
      {R"({"prompt":"a","stop":""})", "stop"},
  };
  for (const auto& [body, param] : refusals) {
    const auto request = parse_completion_request(body, kRandomSeed);
    ASSERT_FALSE(request) << body;
    EXPECT_EQ(request.error().param, param) << body;
    EXPECT_EQ(request.error().status, 400) << body;
  }
}

TEST(CompletionRequest, WhatTheModelCannotTakeIsRefused) {
  BabbleModel model(64);
  const std::vector<std::pair<std::string, int>> refusals = {
      {R"({"prompt":""})", 400},
      {R"({"prompt":[261]})", 400},
      {R"({"prompt":"a","model":"gpt-9"})", 404},
      {R"({"prompt":"a","logit_bias":{"261":1}})", 400},
      {R"({"prompt":")" + std::string(64, 'x') + R"("})", 400},
  };
  for (const auto& [body, status] : refusals) {
    const auto generation = read_completion(body, model.served(), kContext);
    ASSERT_FALSE(generation) << body;
    EXPECT_EQ(generation.error().status, status) << body;
  }
}

TEST(Completion, EachPromptGetsItsChoicesInOrder) {
  BabbleModel model;
  const auto generation =
      read_completion(R"({"prompt":["a","b"],"n":2,"echo":true})", model.served(), kContext);
  ASSERT_TRUE(generation) << generation.error().message;
  ASSERT_EQ(generation->requests.size(), 4u);
  EXPECT_THAT(generation->requests[1].prompt, ElementsAre(kFirstByteToken + 'a'));
  EXPECT_THAT(generation->requests[2].prompt, ElementsAre(kFirstByteToken + 'b'));
  const std::vector<ChoiceAnswer> choices{answer("1"), answer("2"), answer("3"), answer("4")};
  const auto json = boost::json::parse(generation->writer->whole(choices));
  EXPECT_EQ(json.at("id"), "cmpl-1");
  EXPECT_EQ(json.at("object"), "text_completion");
  EXPECT_EQ(json.at("choices").at(1).at("text"), "a2");
  EXPECT_EQ(json.at("choices").at(2).at("text"), "b3");
  EXPECT_EQ(json.at("usage").at("prompt_tokens"), 8) << "a prompt counts once";
  EXPECT_EQ(json.at("usage").at("completion_tokens"), 4);
}

TEST(Completion, AStreamEchoesOnceAndEndsWithTheReason) {
  BabbleModel model;
  auto generation = read_completion(R"({"prompt":"a","echo":true,"stream":true})", model.served(), kContext);
  ASSERT_TRUE(generation);
  std::string out;
  generation->writer->begin(out);
  generation->writer->part(0, {"x", {}}, out);
  generation->writer->part(0, {"y", {}}, out);
  generation->writer->end(0, {}, out);
  generation->writer->done(out);
  const auto events = events_of(out);
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(boost::json::parse(events[0].data).at("choices").at(0).at("text"), "ax");
  EXPECT_EQ(boost::json::parse(events[1].data).at("choices").at(0).at("text"), "y");
  EXPECT_EQ(boost::json::parse(events[2].data).at("choices").at(0).at("finish_reason"), "stop");
  EXPECT_EQ(events[3].data, "[DONE]");
}

TEST(Completion, LogProbabilitiesComeInColumnsWithOffsetsInCharacters) {
  BabbleModel model;
  auto generation = read_completion(R"({"prompt":"a","logprobs":1})", model.served(), kContext);
  ASSERT_TRUE(generation);
  const TokenId x = kFirstByteToken + 'x';
  std::vector<ChoiceAnswer> choices{answer("xx")};
  choices[0].logprobs = {{{x, -0.5f}, {{x, -0.5f}}}, {{x, -1.0f}, {}}};
  const auto json = boost::json::parse(generation->writer->whole(choices)).at("choices").at(0).at("logprobs");
  EXPECT_EQ(json, boost::json::parse(R"({"tokens": ["x", "x"], "token_logprobs": [-0.5, -1.0],
    "top_logprobs": [{"x": -0.5}, {}], "text_offset": [0, 1]})"));
}

}  // namespace
}  // namespace riposte::api
