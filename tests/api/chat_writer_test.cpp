#include "api/chat_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <limits>
#include <string>
#include <vector>

#include "support/byte_tokenizer.h"
#include "support/events.h"

namespace riposte::api {
namespace {

using riposte::testing::byte_tokenizer;
using riposte::testing::events_of;
using riposte::testing::kFirstByteToken;

const AnswerHead kHead{"chatcmpl-1", 1'700'000'000, "m", "fp_1"};

engine::Finish finish_with(int32_t output_tokens) {
  engine::Finish finish;
  finish.reason = engine::FinishReason::kLength;
  finish.usage = {.prompt_tokens = 10,
                  .cached_tokens = 8,
                  .output_tokens = output_tokens,
                  .passes = 2,
                  .drafted_tokens = 5,
                  .accepted_tokens = 2};
  return finish;
}

ChoiceAnswer answer(std::string text, int32_t output_tokens) {
  return {{std::move(text), {}}, finish_with(output_tokens)};
}

class ChatWriterTest : public ::testing::Test {
 protected:
  tokenizer::Tokenizer tokenizer_ = byte_tokenizer();
};

TEST_F(ChatWriterTest, ACompletionHasTheShapeThatOpenAiDocuments) {
  ChatWriter writer(kHead, tokenizer_, {});
  const std::vector<ChoiceAnswer> choices{answer("he \"goes\"\n\u00e4\x01", 3)};
  EXPECT_EQ(boost::json::parse(writer.whole(choices)), boost::json::parse(R"({
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000, "model": "m", "system_fingerprint": "fp_1",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "he \"goes\"\n\u00e4\u0001", "refusal": null},
                 "logprobs": null, "finish_reason": "length"}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 13,
              "prompt_tokens_details": {"cached_tokens": 8},
              "completion_tokens_details": {"accepted_prediction_tokens": 2, "rejected_prediction_tokens": 3}}})"));
}

TEST_F(ChatWriterTest, AStreamBeginsWithTheRoleAndEndsWithTheReason) {
  ChatWriter writer(kHead, tokenizer_, {.include_usage = true});
  std::string out;
  writer.begin(out);
  writer.part(0, {"a\nb", {}}, out);
  writer.end(0, finish_with(2), out);
  writer.done(out);
  const auto events = events_of(out);
  ASSERT_EQ(events.size(), 5u);
  EXPECT_EQ(boost::json::parse(events[0].data), boost::json::parse(R"({
    "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": "m",
    "system_fingerprint": "fp_1",
    "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "logprobs": null,
                 "finish_reason": null}]})"));
  EXPECT_EQ(boost::json::parse(events[1].data).at("choices").at(0).at("delta"),
            boost::json::parse(R"({"content":"a\nb"})"));
  const auto end = boost::json::parse(events[2].data).at("choices").at(0);
  EXPECT_EQ(end.at("delta"), boost::json::object());
  EXPECT_EQ(end.at("finish_reason"), "length");
  const auto usage = boost::json::parse(events[3].data);
  EXPECT_EQ(usage.at("choices"), boost::json::array());
  EXPECT_EQ(usage.at("usage").at("total_tokens"), 12);
  EXPECT_EQ(events[4].data, "[DONE]");
}

TEST_F(ChatWriterTest, ThePromptOfSeveralChoicesCountsOnce) {
  ChatWriter writer(kHead, tokenizer_, {.choices = 2});
  const std::vector<ChoiceAnswer> choices{answer("a", 3), answer("b", 4)};
  const auto json = boost::json::parse(writer.whole(choices));
  EXPECT_EQ(json.at("choices").at(1).at("index"), 1);
  EXPECT_EQ(json.at("choices").at(1).at("message").at("content"), "b");
  EXPECT_EQ(json.at("usage").at("prompt_tokens"), 10);
  EXPECT_EQ(json.at("usage").at("completion_tokens"), 7);
}

TEST_F(ChatWriterTest, EveryChoiceOfAStreamGetsItsRoleFirst) {
  ChatWriter writer(kHead, tokenizer_, {.choices = 2});
  std::string out;
  writer.begin(out);
  writer.part(1, {"x", {}}, out);
  writer.part(1, {"y", {}}, out);
  const auto events = events_of(out);
  ASSERT_EQ(events.size(), 4u);
  const auto choice = boost::json::parse(events[1].data).at("choices").at(0);
  EXPECT_EQ(choice.at("index"), 1);
  EXPECT_EQ(choice.at("delta").at("role"), "assistant");
}

TEST_F(ChatWriterTest, LogProbabilitiesCarryTheBytesOfBrokenCharacters) {
  ChatWriter writer(kHead, tokenizer_, {.logprobs = true});
  const TokenId half = kFirstByteToken + 0xC3;
  const float never = -std::numeric_limits<float>::infinity();
  std::vector<ChoiceAnswer> choices{answer("?", 1)};
  choices[0].logprobs = {{{half, -0.5f}, {{half, -0.5f}, {kFirstByteToken + 'x', never}}}};
  const auto json = boost::json::parse(writer.whole(choices)).at("choices").at(0).at("logprobs");
  EXPECT_EQ(json.at("content"), boost::json::parse(R"([{"token": "\ufffd", "logprob": -0.5, "bytes": [195],
    "top_logprobs": [{"token": "\ufffd", "logprob": -0.5, "bytes": [195]},
                     {"token": "x", "logprob": -9999.0, "bytes": [120]}]}])"));
}

}  // namespace
}  // namespace riposte::api
