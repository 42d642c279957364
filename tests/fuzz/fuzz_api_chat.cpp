// Any bytes as the body of a chat request: they become a request, or an error that is itself valid JSON.
#include <boost/json.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/chat_request.h"
#include "api/error.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check_request(const riposte::api::ChatRequest& request) {
  require(!request.messages.for_template.empty());
  for (const auto& message : request.messages.for_template) {
    require(message.at("role").is_string() && message.at("content").is_string());
  }
  const auto& sampling = request.sampling;
  require(sampling.temperature >= 0 && sampling.temperature <= 2 && sampling.top_k >= 0);
  require(sampling.top_p >= 0 && sampling.top_p <= 1 && sampling.min_p >= 0 && sampling.min_p <= 1);
  require(std::isfinite(sampling.presence_penalty) && std::isfinite(sampling.frequency_penalty));
  require(sampling.repetition_penalty > 0);
  for (const auto& [token, bias] : sampling.logit_bias) require(token >= 0 && std::abs(bias) <= 100);
  for (const auto& stop : request.stop) require(!stop.empty());
  require(!request.max_tokens || *request.max_tokens >= 0);  // 0: read the prompt, write nothing
}

void check_error(const riposte::api::ApiError& error) {
  require(error.status == 400);
  const auto body = boost::json::parse(riposte::api::to_json(error));
  require(body.at("error").at("message").as_string().size() > 0);
  require(body.at("error").at("type") == "invalid_request_error");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto request =
      riposte::api::parse_chat_request({reinterpret_cast<const char*>(data), size}, /*random_seed=*/1);
  if (request) {
    check_request(*request);
  } else {
    check_error(request.error());
  }
  return 0;
}
