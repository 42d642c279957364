#include "apps/draft_cases.h"

#include <algorithm>
#include <boost/json.hpp>

#include "apps/line_reader.h"
#include "drafting/as_written.h"

namespace riposte::apps {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  const json::string* text = value ? value->if_string() : nullptr;
  return text ? std::string(text->data(), text->size()) : std::string();
}

int32_t count_of(const json::object& object, std::string_view name, int32_t otherwise) {
  const json::value* value = object.if_contains(name);
  const int64_t* count = value ? value->if_int64() : nullptr;
  return count && *count >= 0 && *count < (1 << 20) ? static_cast<int32_t>(*count) : otherwise;
}

DraftCase case_of(const json::object& object) {
  DraftCase one;
  one.source = text_of(object, "source");
  one.answer = text_of(object, "text");
  one.prediction = text_of(object, "prediction");
  const std::string reason = text_of(object, "finish_reason");
  one.ended = reason.empty() || reason == "stop";
  const int32_t prompt = count_of(object, "prompt_tokens", 0);
  if (prompt > 0) one.prompt_rows = std::max(1, prompt - count_of(object, "cached_tokens", 0));
  return one;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (size_t at = 0;;) {
    at = text.find_first_not_of(" \t\r\n", at);
    if (at == std::string_view::npos) return words;
    const size_t end = std::min(text.find_first_of(" \t\r\n", at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end;
  }
}

}  // namespace

Result<std::vector<DraftCase>> read_draft_cases(const std::filesystem::path& path) {
  auto lines = LineReader::open(path);
  if (!lines) return pass_on(lines);
  std::vector<DraftCase> cases;
  for (;;) {
    const auto line = lines->next();
    if (!line) return pass_on(line);
    if (!*line) return cases;
    if ((*line)->find_first_not_of(" \t") == std::string::npos) continue;
    json::error_code failed;
    const json::value value = json::parse(**line, failed);
    const json::object* object = value.if_object();
    if (failed || !object) {
      return fail(ErrorCode::kCorrupt,
                  "{}, line {}: expected a JSON object as `riposte rewrite --json` prints it", path.string(),
                  lines->line_number());
    }
    if (object->contains("error")) continue;
    if (!object->contains("source") || !object->contains("text")) {
      return fail(ErrorCode::kCorrupt, "{}, line {}: the object has no \"source\" or no \"text\"",
                  path.string(), lines->line_number());
    }
    cases.push_back(case_of(*object));
  }
}

double edited_share(std::string_view source, std::string_view answer) {
  const std::string respaced = drafting::as_written(source);
  const auto from = words_of(respaced);
  const auto to = words_of(answer);
  std::vector<size_t> row(to.size() + 1);
  for (size_t j = 0; j <= to.size(); ++j) row[j] = j;
  for (size_t i = 0; i < from.size(); ++i) {
    size_t diagonal = row[0]++;
    for (size_t j = 1; j <= to.size(); ++j) {
      const size_t replaced = diagonal + (from[i] == to[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return from.empty() ? (to.empty() ? 0.0 : 1.0)
                      : static_cast<double>(row.back()) / static_cast<double>(from.size());
}

}  // namespace riposte::apps
