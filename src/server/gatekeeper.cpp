#include "server/gatekeeper.h"

#include <boost/beast/core/string.hpp>
#include <string>
#include <utility>

namespace riposte::server {
namespace {

tl::unexpected<Reply> unauthorised(std::string message, api::Dialect dialect) {
  Reply reply =
      error_reply({401, "invalid_request_error", std::move(message), "", "invalid_api_key"}, dialect);
  reply.headers.emplace_back("WWW-Authenticate", "Bearer");
  return tl::unexpected<Reply>(std::move(reply));
}

// The token of "Bearer TOKEN" (RFC 6750), or nothing.
std::string_view bearer_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size()) return {};
  if (!boost::beast::iequals({authorization.data(), kScheme.size()}, {kScheme.data(), kScheme.size()}))
    return {};
  const size_t begin = authorization.find_first_not_of(' ', kScheme.size());
  return begin == std::string_view::npos ? std::string_view() : authorization.substr(begin);
}

}  // namespace

Gatekeeper::Gatekeeper(ApiKeys keys, RateLimit::Now now) : keys_(std::move(keys)) {
  for (const ApiKey& key : keys_.all()) limits_.emplace_back(key.limits, now);
}

tl::expected<Visitor, Reply> Gatekeeper::recognise(std::string_view authorization, api::Dialect dialect) {
  if (keys_.empty()) return Visitor{};
  const std::string_view token = bearer_token(authorization);
  if (token.empty()) {
    return unauthorised("this server wants an API key: send the header 'Authorization: Bearer KEY'", dialect);
  }
  const ApiKey* key = keys_.find(token);
  if (!key) return unauthorised("this API key is not known here", dialect);
  const auto index = static_cast<size_t>(key - keys_.all().data());
  return Visitor{key->owner(), key->name, &limits_[index]};
}

tl::expected<RateLimit::Permit, Reply> Gatekeeper::admit(const Visitor& visitor, api::Dialect dialect) {
  if (!visitor.limit) return RateLimit::Permit();
  auto permit = visitor.limit->enter();
  if (permit) return std::move(*permit);
  api::ApiError error{429, "rate_limit_error", permit.error().message + "; try again later", "",
                      "rate_limit_exceeded"};
  error.retry_after_ms = permit.error().retry_after.count();
  return tl::unexpected<Reply>(error_reply(error, dialect));
}

}  // namespace riposte::server
