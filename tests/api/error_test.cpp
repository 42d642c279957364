#include "api/error.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace riposte::api {
namespace {

TEST(ApiError, HasTheShapeOfOpenAi) {
  EXPECT_EQ(boost::json::parse(to_json({400, "invalid_request_error", "no", "n", ""})), boost::json::parse(R"(
    {"error": {"message": "no", "type": "invalid_request_error", "param": "n", "code": null}})"));
}

TEST(ApiError, OllamasShapeIsTheMessageAlone) {
  EXPECT_EQ(to_json({400, "invalid_request_error", "no", "n", ""}, Dialect::kOllama), R"({"error":"no"})");
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
  EXPECT_EQ(status(ErrorCode::kDeadline), 504);
  EXPECT_EQ(status(ErrorCode::kSuperseded), 499);
  EXPECT_EQ(status(ErrorCode::kIo), 500);
  EXPECT_EQ(status(ErrorCode::kInternal), 500);
}

}  // namespace
}  // namespace riposte::api
