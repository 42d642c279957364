// One line for each request: when, what, how it ended, how long it took. Never what was asked or answered,
// unless that was ordered.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace spdlog {
class logger;
}

namespace riposte::server {

enum class LogFormat {
  kText,  // 2026-01-31 12:00:00.123 POST /v1/rewrite 200 81.4 ms req-1f...
  kJson,  // {"time":"2026-01-31T12:00:00.123Z","level":"info","event":"request","method":"POST",...}
};

struct AccessEntry {
  std::string method;
  std::string path;  // without the query, which may hold anything
  std::string request_id;
  std::string key = {};   // the name of the API key; empty: none
  std::string text = {};  // the request's body, where it is to be logged
  int status = 0;         // 499: the client left before its answer
  size_t sent_bytes = 0;
  std::chrono::nanoseconds time{0};  // from the whole request to the answer's last byte, or to the end
};

// Thread-safe. Writes to standard error.
class AccessLog {
 public:
  // Nothing: no lines are written.
  explicit AccessLog(std::optional<LogFormat> format);
  bool enabled() const { return logger_ != nullptr; }
  void write(const AccessEntry& entry) const;

 private:
  const LogFormat format_;
  const std::shared_ptr<spdlog::logger> logger_;  // null: none
};

// The line of an entry, without the time in front: for tests. `now`: as it stands in a line of JSON.
std::string access_line(const AccessEntry& entry, LogFormat format, const std::string& now = {});

}  // namespace riposte::server
