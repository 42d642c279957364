#include "api/responses_writer.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

#include "api/json.h"
#include "api/logprobs.h"

namespace riposte::api {
namespace {

namespace json = boost::json;

json::object usage_object(const engine::Usage& usage) {
  return {{"input_tokens", usage.prompt_tokens},
          {"input_tokens_details", {{"cached_tokens", usage.cached_tokens}}},
          {"output_tokens", usage.output_tokens},
          {"output_tokens_details", {{"reasoning_tokens", 0}}},
          {"total_tokens", int64_t{usage.prompt_tokens} + usage.output_tokens}};
}

bool is_cut_short(const engine::Finish& finish) {
  return finish.reason == engine::FinishReason::kLength;
}

}  // namespace

ResponsesWriter::ResponsesWriter(const RequestContext& context, const ServedModel& model,
                                 ResponsesSettings settings)
    : id_("resp_" + context.id),
      item_suffix_(context.id),
      created_(context.created),
      model_(model.name),
      tokenizer_(model.tokenizer),
      settings_(std::move(settings)) {
  if (settings_.call_format) reader_.emplace(*settings_.call_format);
}

std::string ResponsesWriter::item_id(std::string_view prefix) const {
  return items_.empty() ? fmt::format("{}_{}", prefix, item_suffix_)
                        : fmt::format("{}_{}_{}", prefix, item_suffix_, items_.size());
}

json::object ResponsesWriter::text_part(std::string_view text) const {
  return {{"type", "output_text"},
          {"text", text_of(text)},
          {"annotations", json::array()},
          {"logprobs", settings_.logprobs ? logprobs_array(logprobs_, tokenizer_) : json::array()}};
}

json::object ResponsesWriter::message(std::string_view status, std::string_view text) const {
  return {{"type", "message"},
          {"id", text_of(item_id("msg"))},
          {"status", text_of(status)},
          {"role", "assistant"},
          {"content", status == "in_progress" ? json::array() : json::array{text_part(text)}}};
}

json::object ResponsesWriter::call_item(std::string_view status, const ToolCall& call,
                                        std::string_view arguments) const {
  return {
      {"type", "function_call"},    {"id", text_of(item_id("fc"))},    {"call_id", text_of(item_id("call"))},
      {"name", text_of(call.name)}, {"arguments", text_of(arguments)}, {"status", text_of(status)}};
}

json::object ResponsesWriter::response(const engine::Finish* finish) const {
  const char* status = !finish ? "in_progress" : is_cut_short(*finish) ? "incomplete" : "completed";
  json::object response{{"id", text_of(id_)},
                        {"object", "response"},
                        {"created_at", created_},
                        {"status", status},
                        {"background", false},
                        {"error", nullptr},
                        {"incomplete_details", nullptr},
                        {"instructions", settings_.instructions.empty() ? json::value(nullptr)
                                                                        : text_of(settings_.instructions)},
                        {"max_output_tokens", nullptr},
                        {"model", text_of(model_)},
                        {"output", json::array()},
                        {"parallel_tool_calls", true},
                        {"previous_response_id", nullptr},
                        {"reasoning", {{"effort", nullptr}, {"summary", nullptr}}},
                        {"store", false},
                        {"temperature", settings_.temperature},
                        {"text", {{"format", settings_.format}}},
                        {"tool_choice", settings_.tool_choice},
                        {"tools", settings_.tools},
                        {"top_logprobs", settings_.top_logprobs},
                        {"top_p", settings_.top_p},
                        {"truncation", "disabled"},
                        {"usage", nullptr},
                        {"metadata", settings_.metadata}};
  if (settings_.max_output_tokens) response["max_output_tokens"] = *settings_.max_output_tokens;
  if (!finish) return response;
  if (is_cut_short(*finish)) response["incomplete_details"] = {{"reason", "max_output_tokens"}};
  response["output"] = items_;
  response["usage"] = usage_object(finish->usage);
  return response;
}

std::string ResponsesWriter::whole(std::span<const ChoiceAnswer> choices) {
  // As in a stream whose events nobody hears.
  std::string unheard;
  begin(unheard);
  part(0, choices[0], unheard);
  end(0, choices[0].finish, unheard);
  return json::serialize(response(&choices[0].finish));
}

void ResponsesWriter::event(std::string_view type, json::object fields, std::string& out) {
  fields["type"] = text_of(type);
  fields["sequence_number"] = events_++;
  append_event(type, json::serialize(fields), out);
}

void ResponsesWriter::part_event(std::string_view type, json::object fields, std::string& out) {
  fields["item_id"] = text_of(item_id("msg"));
  fields["output_index"] = items_.size();
  fields["content_index"] = 0;
  event(type, std::move(fields), out);
}

void ResponsesWriter::begin(std::string& out) {
  event("response.created", {{"response", response(nullptr)}}, out);
  event("response.in_progress", {{"response", response(nullptr)}}, out);
  if (!reader_) open_message(out);
}

void ResponsesWriter::open_message(std::string& out) {
  if (std::exchange(message_is_open_, true)) return;
  event("response.output_item.added", {{"output_index", items_.size()}, {"item", message("in_progress", "")}},
        out);
  part_event("response.content_part.added", {{"part", text_part("")}}, out);
}

void ResponsesWriter::close_message(std::string_view status, std::string& out) {
  if (!std::exchange(message_is_open_, false)) return;
  const json::object part = text_part(text_);
  part_event("response.output_text.done", {{"text", text_of(text_)}, {"logprobs", part.at("logprobs")}}, out);
  part_event("response.content_part.done", {{"part", part}}, out);
  json::object whole = message(status, text_);
  event("response.output_item.done", {{"output_index", items_.size()}, {"item", whole}}, out);
  items_.push_back(std::move(whole));
  text_.clear();
  logprobs_.clear();
}

void ResponsesWriter::add_text(const AnswerPart& part, std::string& out) {
  open_message(out);
  text_ += part.text;
  logprobs_.insert(logprobs_.end(), part.logprobs.begin(), part.logprobs.end());
  part_event("response.output_text.delta",
             {{"delta", text_of(part.text)},
              {"logprobs", settings_.logprobs ? logprobs_array(part.logprobs, tokenizer_) : json::array()}},
             out);
}

void ResponsesWriter::add_call(const ToolCall& call, std::string& out) {
  close_message("completed", out);
  const std::string arguments = json::serialize(call.arguments);
  const auto place = [this] {
    return json::object{{"item_id", text_of(item_id("fc"))}, {"output_index", items_.size()}};
  };
  event("response.output_item.added",
        {{"output_index", items_.size()}, {"item", call_item("in_progress", call, "")}}, out);
  json::object delta = place(), done = place();
  delta["delta"] = text_of(arguments);
  event("response.function_call_arguments.delta", std::move(delta), out);
  done["arguments"] = text_of(arguments);
  done["name"] = text_of(call.name);
  event("response.function_call_arguments.done", std::move(done), out);
  json::object whole = call_item("completed", call, arguments);
  event("response.output_item.done", {{"output_index", items_.size()}, {"item", whole}}, out);
  items_.push_back(std::move(whole));
}

void ResponsesWriter::add_pieces(const std::vector<ToolCallReader::Piece>& pieces, std::string& out) {
  for (const ToolCallReader::Piece& piece : pieces) {
    if (const auto* call = std::get_if<ToolCall>(&piece)) {
      add_call(*call, out);
    } else {
      add_text({std::get<std::string>(piece), {}}, out);
    }
  }
}

void ResponsesWriter::part(int32_t, const AnswerPart& part, std::string& out) {
  if (!reader_) return add_text(part, out);
  add_pieces(reader_->push(part.text), out);
}

void ResponsesWriter::end(int32_t, const engine::Finish& finish, std::string& out) {
  if (reader_) add_pieces(reader_->finish(), out);
  if (items_.empty()) open_message(out);
  close_message(is_cut_short(finish) ? "incomplete" : "completed", out);
  event(is_cut_short(finish) ? "response.incomplete" : "response.completed",
        {{"response", response(&finish)}}, out);
}

void ResponsesWriter::done(std::string&) {}

void ResponsesWriter::error(const ApiError& error, std::string& out) {
  event("error",
        {{"code", text_of(error.code)},
         {"message", text_of(valid_utf8(error.message))},
         {"param", error.param.empty() ? json::value(nullptr) : text_of(valid_utf8(error.param))}},
        out);
}

}  // namespace riposte::api
