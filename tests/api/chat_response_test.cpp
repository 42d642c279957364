#include "api/chat_response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "api/error.h"

namespace riposte::api {
namespace {

const ChatHead kHead{"chatcmpl-1", 1'700'000'000, "m", "fp_1"};

boost::json::value event_body(std::string_view event) {
  EXPECT_TRUE(event.starts_with("data: ") && event.ends_with("\n\n")) << event;
  return boost::json::parse(std::string(event.substr(6)));
}

TEST(ChatResponse, ACompletionHasTheShapeThatOpenAiDocuments) {
  engine::Finish finish;
  finish.reason = engine::FinishReason::kLength;
  finish.usage = {.prompt_tokens = 10,
                  .cached_tokens = 8,
                  .output_tokens = 3,
                  .passes = 2,
                  .drafted_tokens = 5,
                  .accepted_tokens = 2};
  EXPECT_EQ(boost::json::parse(completion_json(kHead, "he \"goes\"\n\u00e4", finish)), boost::json::parse(R"({
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000, "model": "m", "system_fingerprint": "fp_1",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "he \"goes\"\n\u00e4", "refusal": null},
                 "logprobs": null, "finish_reason": "length"}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 13,
              "prompt_tokens_details": {"cached_tokens": 8},
              "completion_tokens_details": {"accepted_prediction_tokens": 2, "rejected_prediction_tokens": 3}}})"));
}

TEST(ChatResponse, AStreamBeginsWithTheRoleAndEndsWithTheReason) {
  const auto begin = event_body(begin_event(kHead));
  EXPECT_EQ(begin, boost::json::parse(R"({
    "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": "m",
    "system_fingerprint": "fp_1",
    "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "logprobs": null,
                 "finish_reason": null}]})"));
  const auto text = event_body(text_event(kHead, "a\nb"));
  EXPECT_EQ(text.at("choices").at(0).at("delta"), boost::json::parse(R"({"content":"a\nb"})"));
  const auto end = event_body(end_event(kHead, engine::FinishReason::kStop));
  EXPECT_EQ(end.at("choices").at(0).at("delta"), boost::json::object());
  EXPECT_EQ(end.at("choices").at(0).at("finish_reason"), "stop");
  const auto usage = event_body(usage_event(kHead, {.prompt_tokens = 1, .output_tokens = 2}));
  EXPECT_EQ(usage.at("choices"), boost::json::array());
  EXPECT_EQ(usage.at("usage").at("total_tokens"), 3);
  EXPECT_EQ(done_event(), "data: [DONE]\n\n");
}

TEST(ApiError, HasTheShapeOfOpenAi) {
  EXPECT_EQ(boost::json::parse(to_json({400, "invalid_request_error", "no", "n", ""})), boost::json::parse(R"(
    {"error": {"message": "no", "type": "invalid_request_error", "param": "n", "code": null}})"));
}

TEST(ApiError, BytesThatAreNotUtf8DoNotBreakTheAnswer) {
  const auto body = boost::json::parse(to_json({404, "t", "nothing at /\xff", "p\xc3", "c"}));
  EXPECT_EQ(body.at("error").at("message"), "nothing at /\ufffd");
  EXPECT_EQ(body.at("error").at("param"), "p\ufffd");
}

TEST(ApiError, EveryErrorOfTheLayersBelowHasAStatus) {
  const auto status = [](ErrorCode code) { return from_error({code, "x"}).status; };
  EXPECT_EQ(status(ErrorCode::kInvalidArgument), 400);
  EXPECT_EQ(status(ErrorCode::kUnsupported), 400);
  EXPECT_EQ(status(ErrorCode::kCorrupt), 400);
  EXPECT_EQ(status(ErrorCode::kTooLarge), 400);
  EXPECT_EQ(status(ErrorCode::kNotFound), 404);
  EXPECT_EQ(status(ErrorCode::kBusy), 503);
  EXPECT_EQ(status(ErrorCode::kCancelled), 503);
  EXPECT_EQ(status(ErrorCode::kIo), 500);
  EXPECT_EQ(status(ErrorCode::kInternal), 500);
}

}  // namespace
}  // namespace riposte::api
