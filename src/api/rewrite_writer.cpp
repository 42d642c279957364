#include "api/rewrite_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <utility>

#include "api/json.h"
#include "api/usage.h"
#include "rewrite/facts.h"
#include "rewrite/restraint.h"
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

// Parts are computed side by side: the slowest counts, and one that was cut short cuts the whole.
void add_finish(const engine::Finish& part, engine::Finish& all) {
  if (part.reason == engine::FinishReason::kLength) all.reason = part.reason;
  engine::Usage& sum = all.usage;
  sum.prompt_tokens += part.usage.prompt_tokens;
  sum.cached_tokens += part.usage.cached_tokens;
  sum.output_tokens += part.usage.output_tokens;
  sum.passes += part.usage.passes;
  sum.drafted_tokens += part.usage.drafted_tokens;
  sum.accepted_tokens += part.usage.accepted_tokens;
  engine::add(part.usage.by_origin, sum.by_origin);
  all.timings.queue = std::max(all.timings.queue, part.timings.queue);
  all.timings.prefill = std::max(all.timings.prefill, part.timings.prefill);
  all.timings.decode = std::max(all.timings.decode, part.timings.decode);
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

RewriteWriter::Progress::Progress(RewriteText text, size_t text_index)
    : assembly(std::move(text)), difference(assembly.source()), traces(assembly.parts()), index(text_index) {}

RewriteWriter::RewriteWriter(const AnswerHead& head, RewriteWriterOptions options,
                             std::vector<RewriteText> texts)
    : head_(head), options_(std::move(options)) {
  for (size_t i = 0; i < texts.size(); ++i) {
    texts_.push_back(std::make_unique<Progress>(std::move(texts[i]), i));
    for (size_t part = 0; part < texts_.back()->assembly.parts(); ++part) parts_.push_back({i, part});
  }
  answers_.resize(parts_.size());
}

RewriteWriter::Progress& RewriteWriter::text_of_choice(int32_t choice) {
  return *texts_[parts_[static_cast<size_t>(choice)].text];
}

std::string RewriteWriter::add(int32_t choice, std::string_view answer) {
  if (options_.restrained) {
    answers_[static_cast<size_t>(choice)] += answer;
    return {};
  }
  Progress& progress = text_of_choice(choice);
  return gain(progress, progress.assembly.add(parts_[static_cast<size_t>(choice)].index, answer));
}

std::string RewriteWriter::gain(Progress& progress, std::string gained) {
  if (!gained.empty()) progress.difference.push(gained, progress.edits);
  return gained;
}

std::string_view RewriteWriter::settle(int32_t choice, const engine::Finish& finish) {
  Progress& progress = text_of_choice(choice);
  const size_t part = parts_[static_cast<size_t>(choice)].index;
  const auto& [begin, end] = progress.assembly.part(part);
  const std::string_view source = std::string_view(progress.assembly.source()).substr(begin, end - begin);
  const std::string& answer = answers_[static_cast<size_t>(choice)];
  if (options_.warms) return answer;
  const rewrite::Stray stray = rewrite::find_stray(source, answer, finish.reason, options_.language);
  if (stray == rewrite::Stray::kNone) return answer;
  json::object where = span_object(progress.assembly.source(), {begin, end});
  where["reason"] = text_of(rewrite::name_of(stray));
  progress.reverted.push_back(std::move(where));
  if (options_.tokenizer) progress.traces[part].clear();  // of an answer that is not there
  return source;
}

std::string RewriteWriter::end_part(int32_t choice, const engine::Finish& finish) {
  Progress& progress = text_of_choice(choice);
  add_finish(finish, progress.finish);
  if (options_.tokenizer) progress.traces[parts_[static_cast<size_t>(choice)].index] = finish.trace;
  if (finish.usage.passes > 0) {
    ++progress.computed;
  } else {
    progress.known_tokens += finish.usage.output_tokens;
  }
  const size_t part = parts_[static_cast<size_t>(choice)].index;
  std::string gained;
  if (options_.restrained) gained = gain(progress, progress.assembly.add(part, settle(choice, finish)));
  gained += gain(progress, progress.assembly.end(part));
  if (progress.assembly.whole() && !options_.warms) progress.difference.finish(progress.edits);
  return gained;
}

json::object RewriteWriter::edit_object(const Progress& progress, const rewrite::Edit& edit) const {
  return {{"kind", text_of(rewrite::name_of(edit.kind))},
          {"category", text_of(rewrite::name_of(edit.category))},
          {"source", span_object(progress.difference.source(), edit.source)},
          {"result", span_object(progress.difference.result(), edit.result)}};
}

json::array RewriteWriter::origins_of(const Progress& progress) const {
  std::vector<TracedPart> parts;
  for (size_t i = 0; i < progress.traces.size(); ++i) {
    parts.push_back({progress.assembly.place(i), progress.traces[i]});
  }
  return origins_array(progress.difference.result(), parts, *options_.tokenizer);
}

json::object RewriteWriter::result_object(const Progress& progress) const {
  const engine::Finish& finish = progress.finish;
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
          {"reverted", progress.reverted},
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
