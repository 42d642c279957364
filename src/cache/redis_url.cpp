#include <charconv>

#include "cache/redis.h"

namespace riposte::cache {
namespace {

tl::unexpected<Error> refuse(const std::string& url) {
  // Without the url itself: it may hold a password.
  return fail(ErrorCode::kInvalidArgument,
              "the address of Redis must be redis://[[user]:password@]host[:port][/database] or "
              "unix:///path[?db=database]{}",
              url.starts_with("rediss:") ? "; Redis under TLS is not supported" : "");
}

template <class T>
bool read_number(std::string_view text, T& out) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  return failed == std::errc() && end == text.data() + text.size();
}

}  // namespace

Result<RedisOptions> parse_redis_url(const std::string& url) {
  RedisOptions options;
  std::string_view rest = url;
  if (rest.starts_with("unix:///")) {
    rest.remove_prefix(7);
    const size_t query = rest.find("?db=");
    options.socket = rest.substr(0, query);
    if (query != std::string_view::npos &&
        (!read_number(rest.substr(query + 4), options.database) || options.database < 0)) {
      return refuse(url);
    }
    return options;
  }
  if (!rest.starts_with("redis://")) return refuse(url);
  rest.remove_prefix(8);
  if (const size_t at = rest.rfind('@'); at != std::string_view::npos) {
    const std::string_view who = rest.substr(0, at);
    const size_t colon = who.find(':');
    if (colon == std::string_view::npos) return refuse(url);
    options.user = who.substr(0, colon);
    options.password = who.substr(colon + 1);
    rest.remove_prefix(at + 1);
  }
  if (const size_t slash = rest.find('/'); slash != std::string_view::npos) {
    const std::string_view database = rest.substr(slash + 1);
    if (!database.empty() && (!read_number(database, options.database) || options.database < 0))
      return refuse(url);
    rest = rest.substr(0, slash);
  }
  const bool bracketed = rest.starts_with('[');  // an IPv6 address
  const size_t end = bracketed ? rest.find(']') : rest.find(':');
  if (bracketed && end == std::string_view::npos) return refuse(url);
  options.host = bracketed ? rest.substr(1, end - 1) : rest.substr(0, end);
  std::string_view port =
      end == std::string_view::npos ? std::string_view() : rest.substr(end + (bracketed ? 1 : 0));
  if (options.host.empty()) return refuse(url);
  if (!port.empty() &&
      (port.front() != ':' || !read_number(port.substr(1), options.port) || options.port == 0)) {
    return refuse(url);
  }
  return options;
}

}  // namespace riposte::cache
