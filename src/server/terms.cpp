#include <charconv>

#include "server/exchange.h"

namespace riposte::server {
namespace {

constexpr int64_t kMostDeadlineMs = int64_t{24} * 3600 * 1000;
constexpr size_t kMostKeyBytes = 256;

}  // namespace

api::ApiResult<Terms> read_terms(std::string_view deadline_ms, std::string_view supersedes,
                                 std::chrono::steady_clock::time_point received) {
  Terms terms;
  if (!deadline_ms.empty()) {
    int64_t value = 0;
    const char* end = deadline_ms.data() + deadline_ms.size();
    const auto read = std::from_chars(deadline_ms.data(), end, value);
    if (read.ec != std::errc() || read.ptr != end || value < 1 || value > kMostDeadlineMs) {
      return api::bad_request(
          "x-deadline-ms", fmt::format("'x-deadline-ms' must be whole milliseconds from 1 to {}, found '{}'",
                                       kMostDeadlineMs, deadline_ms.substr(0, 40)));
    }
    terms.deadline = received + std::chrono::milliseconds(value);
  }
  if (supersedes.size() > kMostKeyBytes) {
    return api::bad_request("x-supersedes", fmt::format("'x-supersedes' may have {} bytes, but has {}",
                                                        kMostKeyBytes, supersedes.size()));
  }
  terms.supersedes = supersedes;
  return terms;
}

}  // namespace riposte::server
