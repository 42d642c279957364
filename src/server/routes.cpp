#include "server/routes.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace riposte::server {
namespace {

constexpr std::string_view kModelPrefix = "/v1/models/";

// The path of "/path?query" or "http://host/path?query".
std::string_view path_of(std::string_view target) {
  if (const size_t scheme = target.find("://"); scheme != std::string_view::npos && target.front() != '/') {
    const size_t path = target.find('/', scheme + 3);
    target = path == std::string_view::npos ? "/" : target.substr(path);
  }
  return target.substr(0, target.find_first_of("?#"));
}

// "%2F" becomes "/"; what is no valid escape stays as it is.
std::string percent_decode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    if (text[i] == '%' && i + 2 < text.size()) {
      const char* digits = text.data() + i + 1;
      if (std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
        decoded += static_cast<char>(byte);
        i += 2;
        continue;
      }
    }
    decoded += text[i];
  }
  return decoded;
}

tl::unexpected<Reply> refuse(int status, std::string message, std::string code) {
  return tl::unexpected<Reply>(
      error_reply({status, "invalid_request_error", std::move(message), "", std::move(code)}));
}

}  // namespace

tl::expected<Route, Reply> find_route(std::string_view method, std::string_view target) {
  const std::string_view path = path_of(target);
  Route route;
  if (path == "/v1/chat/completions") {
    route.endpoint = Endpoint::kChatCompletions;
  } else if (path == "/v1/models") {
    route.endpoint = Endpoint::kModels;
  } else if (path.starts_with(kModelPrefix) && path.size() > kModelPrefix.size()) {
    route = {Endpoint::kModel, percent_decode(path.substr(kModelPrefix.size())), ""};
  } else if (path == "/health") {
    route.endpoint = Endpoint::kHealth;
  } else {
    return refuse(404,
                  fmt::format("there is nothing at {}; there are POST /v1/chat/completions, GET /v1/models, "
                              "GET /v1/models/{{id}} and GET /health",
                              path),
                  "unknown_url");
  }
  const bool is_post = route.endpoint == Endpoint::kChatCompletions;
  const std::string_view allow = is_post ? "POST, OPTIONS" : "GET, HEAD, OPTIONS";
  if (method == "OPTIONS") return Route{Endpoint::kOptions, "", std::string(allow)};
  if (is_post ? method == "POST" : (method == "GET" || method == "HEAD")) return route;
  tl::unexpected<Reply> refused = refuse(
      405, fmt::format("{} does not answer {}; it answers {}", path, method, allow), "method_not_allowed");
  refused.value().headers.emplace_back("Allow", allow);
  return refused;
}

}  // namespace riposte::server
