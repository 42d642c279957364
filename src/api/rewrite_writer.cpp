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

// Where the tokens of a result came from. An end token that was guessed is in no count of output, but may be
// in these.
json::object tokens_object(const engine::Usage& usage, int64_t known) {
  const int64_t copied = usage.by_origin[static_cast<size_t>(drafting::Origin::kSource)].accepted;
  const int64_t guessed = usage.accepted_tokens - copied;
  return {{"copied", copied},
          {"guessed", guessed},
          {"computed", std::max<int64_t>(0, usage.output_tokens - known - usage.accepted_tokens)},
          {"known", known}};
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

RewriteWriter::Progress::Progress(rewrite::CutText text, const RewriteWriterOptions& options, size_t text_index)
    : assembly(std::move(text), options.restrained && !options.warms ? std::optional(options.language) : std::nullopt),
      difference(assembly.source()),
      index(text_index) {}

RewriteWriter::RewriteWriter(const AnswerHead& head, RewriteWriterOptions options,
                             std::vector<rewrite::CutText> texts)
    : head_(head), options_(std::move(options)) {
  for (size_t i = 0; i < texts.size(); ++i) {
    texts_.push_back(std::make_unique<Progress>(std::move(texts[i]), options_, i));
    for (size_t part = 0; part < texts_.back()->assembly.parts(); ++part) parts_.push_back({i, part});
  }
}

RewriteWriter::Progress& RewriteWriter::text_of_choice(int32_t choice) {
  return *texts_[parts_[static_cast<size_t>(choice)].text];
}

std::string RewriteWriter::add(int32_t choice, std::string_view answer) {
  Progress& progress = text_of_choice(choice);
  return gain(progress, progress.assembly.add(parts_[static_cast<size_t>(choice)].index, answer));
}

std::string RewriteWriter::gain(Progress& progress, std::string gained) {
  if (!gained.empty()) progress.difference.push(gained, progress.edits);
  return gained;
}

std::string RewriteWriter::end_part(int32_t choice, const engine::Finish& finish) {
  Progress& progress = text_of_choice(choice);
  if (finish.usage.passes > 0) {
    ++progress.computed;
  } else {
    progress.known_tokens += finish.usage.output_tokens;
  }
  std::string gained = gain(progress, progress.assembly.end(parts_[static_cast<size_t>(choice)].index, finish));
  if (progress.assembly.whole() && !options_.warms) progress.difference.finish(progress.edits);
  return gained;
}

json::object RewriteWriter::edit_object(const Progress& progress, const rewrite::Edit& edit) const {
  return {{"kind", text_of(rewrite::name_of(edit.kind))},
          {"category", text_of(rewrite::name_of(edit.category))},
          {"source", span_object(progress.difference.source(), edit.source)},
          {"result", span_object(progress.difference.result(), edit.result)}};
}

// Parts of which the source stayed.
json::array RewriteWriter::reverted_of(const Progress& progress) const {
  const rewrite::Assembly& assembly = progress.assembly;
  json::array reverted;
  for (size_t part = 0; part < assembly.parts(); ++part) {
    if (assembly.stray(part) == rewrite::Stray::kNone) continue;
    json::object where = span_object(assembly.source(), assembly.part(part));
    where["reason"] = text_of(rewrite::name_of(assembly.stray(part)));
    reverted.push_back(std::move(where));
  }
  return reverted;
}

json::array RewriteWriter::origins_of(const Progress& progress) const {
  const rewrite::Assembly& assembly = progress.assembly;
  std::vector<TracedPart> parts;
  for (size_t part = 0; part < assembly.parts(); ++part) {
    parts.push_back({assembly.place(part), {}});
    // A trace of an answer that was not taken tells nothing of the text.
    if (assembly.stray(part) == rewrite::Stray::kNone) parts.back().trace = assembly.finish(part).trace;
  }
  return origins_array(progress.difference.result(), parts, *options_.tokenizer);
}

json::object RewriteWriter::result_object(const Progress& progress) const {
  const engine::Finish finish = progress.assembly.finish();
  const std::string& source = progress.difference.source();
  const std::string& result = progress.difference.result();
  json::array edits;
  for (const rewrite::Edit& edit : progress.edits) edits.push_back(edit_object(progress, edit));
  json::object object{{"index", progress.index},
          {"object", "rewrite"},
          {"text", text_of(options_.warms ? std::string_view() : std::string_view(result))},
          {"unchanged", progress.edits.empty() && !options_.warms},
          {"edits", std::move(edits)},
          {"checks", options_.warms ? json::array() : checks_array(source, result, options_.language)},
          {"reverted", reverted_of(progress)},
          {"sentences", {{"total", progress.assembly.parts()}, {"computed", progress.computed}}},
          {"tokens", tokens_object(finish.usage, progress.known_tokens)},
          {"finish_reason", text_of(finish_reason(finish.reason))},
          {"usage", usage_object(finish.usage)},
          {"timings", timings_object(finish.timings)}};
  if (options_.tokenizer) object["origins"] = origins_of(progress);
  return object;
}

std::string RewriteWriter::whole(std::span<const ChoiceAnswer> choices) {
  for (size_t i = 0; i < choices.size(); ++i) {
    const auto choice = static_cast<int32_t>(i);
    add(choice, choices[i].text);
    end_part(choice, choices[i].finish);
  }
  json::array results;
  for (const auto& text : texts_) results.push_back(result_object(*text));
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
  Progress& progress = text_of_choice(choice);
  tell_text(progress, add(choice, part.text), out);
  tell_edits(progress, out);
}

void RewriteWriter::end(int32_t choice, const engine::Finish& finish, std::string& out) {
  Progress& progress = text_of_choice(choice);
  tell_text(progress, end_part(choice, finish), out);
  tell_edits(progress, out);
  if (progress.assembly.whole()) append_event("result", json::serialize(result_object(progress)), out);
}

void RewriteWriter::done(std::string& out) {
  append_event("done", "{}", out);
}

void RewriteWriter::error(const ApiError& error, std::string& out) {
  append_event("error", to_json(error), out);
}

}  // namespace riposte::api
