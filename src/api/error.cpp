#include "api/error.h"

#include <boost/json.hpp>
#include <utility>

#include "tokenizer/tokenizer.h"

namespace riposte::api {
namespace {

constexpr const char* kInvalidRequest = "invalid_request_error";
constexpr const char* kServerError = "server_error";

boost::json::value text_or_null(const std::string& text) {
  if (text.empty()) return nullptr;
  return boost::json::value(boost::json::string(text));
}

}  // namespace

std::string valid_utf8(std::string_view text) {
  tokenizer::Utf8Stream stream;
  std::string valid = stream.push(text);
  valid += stream.finish();
  return valid;
}

tl::unexpected<ApiError> bad_request(std::string param, std::string message) {
  return tl::unexpected<ApiError>({400, kInvalidRequest, std::move(message), std::move(param), ""});
}

tl::unexpected<ApiError> unsupported(std::string param, std::string message) {
  return tl::unexpected<ApiError>(
      {400, kInvalidRequest, std::move(message), std::move(param), "unsupported_value"});
}

ApiError from_error(const Error& error, std::string param) {
  switch (error.code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kUnsupported:
    case ErrorCode::kCorrupt:
      return {400, kInvalidRequest, error.message, std::move(param), ""};
    case ErrorCode::kTooLarge:
      return {400, kInvalidRequest, error.message, std::move(param), "context_length_exceeded"};
    case ErrorCode::kNotFound:
      return {404, kInvalidRequest, error.message, std::move(param), "not_found"};
    case ErrorCode::kBusy:
      return {503, kServerError, error.message, "", "server_busy", error.retry_after_ms};
    case ErrorCode::kDeadline:
      return {504, kServerError, error.message, "", "deadline_exceeded"};
    case ErrorCode::kSuperseded:
      return {499, kInvalidRequest, error.message, "", "superseded"};
    case ErrorCode::kCancelled:
      return {503, kServerError, error.message, "", "cancelled"};
    case ErrorCode::kIo:
    case ErrorCode::kInternal:
      break;
  }
  return {500, kServerError, error.message, "", "internal_error"};
}

std::string to_json(const ApiError& error, Dialect dialect) {
  if (dialect == Dialect::kOllama) {
    return boost::json::serialize(boost::json::object{{"error", valid_utf8(error.message)}});
  }
  const boost::json::object body{{"error",
                                  {{"message", valid_utf8(error.message)},
                                   {"type", error.type},
                                   {"param", text_or_null(valid_utf8(error.param))},
                                   {"code", text_or_null(error.code)}}}};
  return boost::json::serialize(body);
}

}  // namespace riposte::api
