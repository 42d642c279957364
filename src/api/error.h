// Errors as OpenAI clients expect them: an HTTP status and {"error": {"message", "type", "param", "code"}}.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "base/result.h"

namespace riposte::api {

// Whose clients ask: their errors look different.
enum class Dialect { kOpenAi, kOllama };

struct ApiError {
  int status = 500;            // HTTP
  std::string type;            // "invalid_request_error", "server_error"
  std::string message;         // one sentence for a person
  std::string param;           // the field at fault, for example "messages[2].content"; empty: null
  std::string code;            // for example "model_not_found"; empty: null
  int64_t retry_after_ms = 0;  // with 503: when to come back; 0: nobody knows
};

template <class T>
using ApiResult = tl::expected<T, ApiError>;

// A request that says something impossible (400): PARAM is the field.
tl::unexpected<ApiError> bad_request(std::string param, std::string message);
// Something well-formed that this server does not do (400, code "unsupported_value").
tl::unexpected<ApiError> unsupported(std::string param, std::string message);

// The status that belongs to an error of the layers below. `param` is the field that most likely caused it.
ApiError from_error(const Error& error, std::string param = {});

// The body of the answer. Bytes of the message that are not UTF-8 are replaced.
// Ollama's is {"error": message}.
std::string to_json(const ApiError& error, Dialect dialect = Dialect::kOpenAi);

// The text with U+FFFD for what is not UTF-8.
std::string valid_utf8(std::string_view text);

}  // namespace riposte::api
