#include "api/model_wish.h"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <utility>

#include "api/fields.h"
#include "api/json.h"

namespace riposte::api {
namespace {

namespace json = boost::json;

constexpr double kMostMs = 1e12;  // thirty years: as good as for ever

// "1h30m" in milliseconds, as Go writes durations. Nothing if it is none.
std::optional<double> duration_ms(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 7> kUnits = {
      {{"ns", 1e-6}, {"us", 1e-3}, {"µs", 1e-3}, {"ms", 1}, {"s", 1e3}, {"m", 6e4}, {"h", 3.6e6}}};
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return 0;
  if (text.empty()) return std::nullopt;
  double sum = 0;
  while (!text.empty()) {
    double value = 0;
    const auto number =
        std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (number.ec != std::errc() || value < 0) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(number.ptr - text.data()));
    const std::string_view unit = text.substr(0, text.find_first_of("0123456789.+-"));
    double scale = 0;
    for (const auto& [name, milliseconds] : kUnits) {
      if (name == unit) scale = milliseconds;
    }
    if (scale == 0) return std::nullopt;
    sum += value * scale;
    text.remove_prefix(unit.size());
  }
  return negative ? -sum : sum;
}

std::optional<double> keep_alive_ms(const json::value& value) {
  if (value.is_number()) return value.to_number<double>() * 1000;
  if (!value.is_string()) return std::nullopt;
  const std::string_view text(value.get_string().data(), value.get_string().size());
  // Numbers come as text, too.
  double seconds = 0;
  const auto number =
      std::from_chars(text.data(), text.data() + text.size(), seconds, std::chars_format::fixed);
  if (!text.empty() && number.ec == std::errc() && number.ptr == text.data() + text.size())
    return seconds * 1000;
  return duration_ms(text);
}

}  // namespace

ApiResult<ModelWish> read_model_wish(std::string_view body) {
  ModelWish wish;
  const Result<json::value> parsed = parse_json(body);
  const json::object* object = parsed ? parsed->if_object() : nullptr;
  if (object == nullptr) return wish;
  if (const json::value* model = object->if_contains("model"); model != nullptr && model->is_string())
    wish.model = model->get_string();
  const json::value* keep = object->if_contains("keep_alive");
  if (keep == nullptr || keep->is_null()) return wish;
  const std::optional<double> time = keep_alive_ms(*keep);
  if (!time || !std::isfinite(*time)) {
    return bad_request(
        "keep_alive",
        fmt::format("'keep_alive' must be seconds or a duration such as \"10m\", found {}", describe(*keep)));
  }
  wish.has_keep_alive = true;
  if (*time >= 0 && *time < kMostMs) wish.keep_alive = std::chrono::milliseconds(static_cast<int64_t>(*time));
  return wish;
}

}  // namespace riposte::api
