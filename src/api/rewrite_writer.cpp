#include "api/rewrite_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <utility>

#include "api/json.h"
#include "api/usage.h"
#include "rewrite/facts.h"
#include "rewrite/units.h"

namespace riposte::api {
namespace {

namespace json = boost::json;

constexpr std::string_view kSpaces = " \t\r\n";

// {"begin", "end", "text"}: offsets in characters.
json::object span_object(std::string_view text, const rewrite::ByteRange& where) {
  const size_t begin = rewrite::count_characters(text.substr(0, where.begin));
  const std::string_view inside = text.substr(where.begin, where.end - where.begin);
  return {{"begin", begin}, {"end", begin + rewrite::count_characters(inside)}, {"text", text_of(inside)}};
}

json::object timings_object(const engine::Timings& timings) {
  const auto milliseconds = [](std::chrono::nanoseconds time) {
    return std::chrono::duration<double, std::milli>(time).count();
  };
  return {{"queue_ms", milliseconds(timings.queue)},
          {"prefill_ms", milliseconds(timings.prefill)},
          {"decode_ms", milliseconds(timings.decode)},
          {"total_ms", milliseconds(timings.queue + timings.prefill + timings.decode)}};
}

json::array checks_array(std::string_view source, std::string_view result, std::string_view language) {
  json::array checks;
  for (const rewrite::Concern& concern : rewrite::compare_facts(source, result, language)) {
    json::object check = span_object(concern.added ? result : source, concern.where);
    check["kind"] = text_of(rewrite::name_of(concern.kind));
    check["problem"] = concern.added ? "added" : "missing";
    checks.push_back(std::move(check));
  }
  return checks;
}

}  // namespace

RewriteWriter::Progress::Progress(const RewriteText& text, size_t text_index)
    : before(text.text.substr(0, text.begin)),
      behind(text.text.substr(text.end)),
      difference(text.text),
      index(text_index) {}

std::string RewriteWriter::Progress::add(std::string_view answer) {
  held += answer;
  if (!begun) held.erase(0, std::min(held.find_first_not_of(kSpaces), held.size()));
  const size_t last = held.find_last_not_of(kSpaces);
  if (last == std::string::npos) return {};
  std::string gained = std::exchange(begun, true) ? "" : before;
  gained.append(held, 0, last + 1);
  held.erase(0, last + 1);
  difference.push(gained, edits);
  return gained;
}

std::string RewriteWriter::Progress::finish() {
  std::string gained = std::exchange(begun, true) ? "" : before;
  gained += behind;
  difference.push(gained, edits);
  difference.finish(edits);
  return gained;
}

RewriteWriter::RewriteWriter(const AnswerHead& head, RewriteWriterOptions options,
                             std::vector<RewriteText> texts)
    : head_(head), options_(std::move(options)) {
  for (size_t i = 0; i < texts.size(); ++i) texts_.push_back(std::make_unique<Progress>(texts[i], i));
}

json::object RewriteWriter::edit_object(const Progress& progress, const rewrite::Edit& edit) const {
  return {{"kind", text_of(rewrite::name_of(edit.kind))},
          {"category", text_of(rewrite::name_of(edit.category))},
          {"source", span_object(progress.difference.source(), edit.source)},
          {"result", span_object(progress.difference.result(), edit.result)}};
}

json::object RewriteWriter::result_object(const Progress& progress, const engine::Finish& finish) const {
  const std::string& source = progress.difference.source();
  const std::string& result = progress.difference.result();
  json::array edits;
  for (const rewrite::Edit& edit : progress.edits) edits.push_back(edit_object(progress, edit));
  return {{"index", progress.index},
          {"object", "rewrite"},
          {"text", text_of(result)},
          {"unchanged", progress.edits.empty()},
          {"edits", std::move(edits)},
          {"checks", checks_array(source, result, options_.language)},
          {"finish_reason", text_of(finish_reason(finish.reason))},
          {"usage", usage_object(finish.usage)},
          {"timings", timings_object(finish.timings)}};
}

std::string RewriteWriter::whole(std::span<const ChoiceAnswer> choices) {
  json::array results;
  for (size_t i = 0; i < choices.size(); ++i) {
    texts_[i]->add(choices[i].text);
    texts_[i]->finish();
    results.push_back(result_object(*texts_[i], choices[i].finish));
  }
  json::object answer{{"id", text_of(head_.id)},
                      {"created", head_.created},
                      {"model", text_of(head_.model)},
                      {"preset", options_.preset.empty() ? json::value(nullptr) : text_of(options_.preset)},
                      {"language", text_of(options_.language)}};
  if (options_.is_list) {
    answer["object"] = "list";
    answer["data"] = std::move(results);
  } else {
    for (auto& field : results.at(0).get_object()) answer[field.key()] = std::move(field.value());
  }
  return json::serialize(answer);
}

void RewriteWriter::begin(std::string&) {}

void RewriteWriter::tell_text(const Progress& progress, std::string_view text, std::string& out) const {
  if (text.empty()) return;
  append_event("text", fmt::format(R"({{"index":{},"text":{}}})", progress.index, json_string(text)), out);
}

void RewriteWriter::tell_edits(Progress& progress, std::string& out) const {
  for (; progress.told_edits < progress.edits.size(); ++progress.told_edits) {
    json::object edit = edit_object(progress, progress.edits[progress.told_edits]);
    edit["index"] = progress.index;
    append_event("edit", json::serialize(edit), out);
  }
}

void RewriteWriter::part(int32_t choice, const AnswerPart& part, std::string& out) {
  Progress& progress = *texts_[static_cast<size_t>(choice)];
  tell_text(progress, progress.add(part.text), out);
  tell_edits(progress, out);
}

void RewriteWriter::end(int32_t choice, const engine::Finish& finish, std::string& out) {
  Progress& progress = *texts_[static_cast<size_t>(choice)];
  tell_text(progress, progress.finish(), out);
  tell_edits(progress, out);
  append_event("result", json::serialize(result_object(progress, finish)), out);
}

void RewriteWriter::done(std::string& out) {
  append_event("done", "{}", out);
}

void RewriteWriter::error(const ApiError& error, std::string& out) {
  append_event("error", to_json(error), out);
}

}  // namespace riposte::api
