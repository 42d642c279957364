#include "apps/logging.h"

#include <fmt/chrono.h>
#include <spdlog/details/log_msg.h>
#include <spdlog/formatter.h>
#include <spdlog/spdlog.h>

#include <boost/json.hpp>
#include <memory>

#include "api/error.h"

namespace riposte::apps {
namespace {

// {"time":"2026-01-31T12:00:00.123Z","level":"warning","message":"..."}
class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    using std::chrono::milliseconds;
    const auto ms = std::chrono::duration_cast<milliseconds>(message.time.time_since_epoch()).count() % 1000;
    const auto level = spdlog::level::to_string_view(message.level);
    const boost::json::object line{
        {"time", fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                             fmt::gmtime(std::chrono::system_clock::to_time_t(message.time)), ms)},
        {"level", boost::json::string_view(level.data(), level.size())},
        {"message", api::valid_utf8({message.payload.data(), message.payload.size()})}};
    const std::string text = boost::json::serialize(line) + "\n";
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<JsonFormatter>(); }
};

}  // namespace

void configure_logging(bool as_json, const std::string& level) {
  spdlog::set_level(spdlog::level::from_str(level));
  if (as_json) spdlog::set_formatter(std::make_unique<JsonFormatter>());
}

}  // namespace riposte::apps
