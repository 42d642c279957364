#include "server/origins.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/beast/core/string.hpp>
#include <cctype>

namespace riposte::server {
namespace {

bool equal(std::string_view a, std::string_view b) {
  return boost::beast::iequals({a.data(), a.size()}, {b.data(), b.size()});
}

// "[::1]:8080" -> "::1", "localhost:8080" -> "localhost"
std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(1, host.find(']') - 1);
  return host.substr(0, host.find(':'));
}

bool names_this_machine(std::string_view host) {
  const std::string_view name = without_port(host);
  if (equal(name, "localhost") || (name.size() > 10 && equal(name.substr(name.size() - 10), ".localhost")))
    return true;
  boost::system::error_code failed;
  boost::asio::ip::make_address(std::string(name), failed);
  return !failed;
}

// A list of header names; nothing else may be sent back.
bool is_list_of_names(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == ',' || c == ' ';
  });
}

}  // namespace

bool Origins::is_allowed(std::string_view origin) const {
  return std::ranges::any_of(allowed_,
                             [&](const std::string& one) { return one == "*" || equal(one, origin); });
}

bool Origins::may_ask(std::string_view origin, std::string_view host) const {
  if (origin.empty() || is_allowed(origin)) return true;
  const size_t scheme = origin.find("://");
  if (scheme == std::string_view::npos || !equal(origin.substr(scheme + 3), host)) return false;
  return keys_ || names_this_machine(host);
}

std::string Origins::headers(std::string_view origin) const {
  if (origin.empty() || !is_allowed(origin)) return {};
  return fmt::format(
      "Access-Control-Allow-Origin: {0}\r\nTiming-Allow-Origin: {0}\r\nVary: Origin\r\n"
      "Access-Control-Expose-Headers: x-request-id, Server-Timing, Retry-After, retry-after-ms\r\n",
      origin);
}

void Origins::add_preflight(Reply& reply, std::string_view allowed_methods,
                            std::string_view requested_headers) const {
  reply.headers.emplace_back("Access-Control-Allow-Methods", allowed_methods);
  if (is_list_of_names(requested_headers)) {
    reply.headers.emplace_back("Access-Control-Allow-Headers", requested_headers);
  }
  reply.headers.emplace_back("Access-Control-Allow-Private-Network", "true");
  reply.headers.emplace_back("Access-Control-Max-Age", "600");
}

}  // namespace riposte::server
