#include "server/access_log.h"

#include <fmt/chrono.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/json.hpp>

#include "api/error.h"

namespace riposte::server {
namespace {

namespace json = boost::json;

std::shared_ptr<spdlog::logger> make_logger(std::optional<LogFormat> format) {
  if (!format) return nullptr;
  auto logger = std::make_shared<spdlog::logger>("access", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern(*format == LogFormat::kJson ? "%v" : "%Y-%m-%d %H:%M:%S.%e %v");
  return logger;
}

std::string utc_now() {
  const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto ms = now.time_since_epoch().count() % 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(now)),
                     ms);
}

double milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

// A line is a line, whatever a client put into its address.
std::string printable(std::string text) {
  for (char& c : text) {
    if (c <= ' ' || c == 0x7f) c = '?';
  }
  return text;
}

std::string json_line(const AccessEntry& entry, const std::string& now) {
  json::object line{{"time", now},
                    {"level", "info"},
                    {"event", "request"},
                    {"method", api::valid_utf8(entry.method)},
                    {"path", api::valid_utf8(entry.path)},
                    {"status", entry.status},
                    {"ms", std::round(milliseconds(entry.time) * 1000.0) / 1000.0},
                    {"sent_bytes", entry.sent_bytes},
                    {"request_id", entry.request_id}};
  if (!entry.key.empty()) line["key"] = entry.key;
  if (!entry.text.empty()) line["text"] = api::valid_utf8(entry.text);
  return json::serialize(line);
}

}  // namespace

std::string access_line(const AccessEntry& entry, LogFormat format, const std::string& now) {
  if (format == LogFormat::kJson) return json_line(entry, now);
  std::string line = fmt::format("{} {} {} {:.1f} ms {}", printable(entry.method), printable(entry.path),
                                 entry.status, milliseconds(entry.time), entry.request_id);
  if (!entry.key.empty()) line += " key=" + entry.key;
  if (!entry.text.empty()) {
    line += " text=" + json::serialize(json::string(api::valid_utf8(entry.text)));
  }
  return line;
}

AccessLog::AccessLog(std::optional<LogFormat> format)
    : format_(format.value_or(LogFormat::kText)), logger_(make_logger(format)) {}

void AccessLog::write(const AccessEntry& entry) const {
  if (logger_) logger_->info("{}", access_line(entry, format_, format_ == LogFormat::kJson ? utc_now() : ""));
}

}  // namespace riposte::server
