#include "api/responses_writer.h"

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
      message_id_("msg_" + context.id),
      created_(context.created),
      model_(model.name),
      tokenizer_(model.tokenizer),
      settings_(std::move(settings)) {}

json::object ResponsesWriter::text_part(std::string_view text) const {
  return {{"type", "output_text"},
          {"text", text_of(text)},
          {"annotations", json::array()},
          {"logprobs", settings_.logprobs ? logprobs_array(logprobs_, tokenizer_) : json::array()}};
}

json::object ResponsesWriter::message(std::string_view status, std::string_view text) const {
  return {{"type", "message"},
          {"id", text_of(message_id_)},
          {"status", text_of(status)},
          {"role", "assistant"},
          {"content", status == "in_progress" ? json::array() : json::array{text_part(text)}}};
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
                        {"tool_choice", "auto"},
                        {"tools", json::array()},
                        {"top_logprobs", settings_.top_logprobs},
                        {"top_p", settings_.top_p},
                        {"truncation", "disabled"},
                        {"usage", nullptr},
                        {"metadata", settings_.metadata}};
  if (settings_.max_output_tokens) response["max_output_tokens"] = *settings_.max_output_tokens;
  if (!finish) return response;
  if (is_cut_short(*finish)) response["incomplete_details"] = {{"reason", "max_output_tokens"}};
  response["output"] = json::array{message(status, text_)};
  response["usage"] = usage_object(finish->usage);
  return response;
}

std::string ResponsesWriter::whole(std::span<const ChoiceAnswer> choices) {
  text_ = choices[0].text;
  logprobs_ = choices[0].logprobs;
  return json::serialize(response(&choices[0].finish));
}

void ResponsesWriter::event(std::string_view type, json::object fields, std::string& out) {
  fields["type"] = text_of(type);
  fields["sequence_number"] = events_++;
  append_event(type, json::serialize(fields), out);
}

void ResponsesWriter::begin(std::string& out) {
  event("response.created", {{"response", response(nullptr)}}, out);
  event("response.in_progress", {{"response", response(nullptr)}}, out);
  event("response.output_item.added", {{"output_index", 0}, {"item", message("in_progress", "")}}, out);
  event(
      "response.content_part.added",
      {{"item_id", text_of(message_id_)}, {"output_index", 0}, {"content_index", 0}, {"part", text_part("")}},
      out);
}

void ResponsesWriter::part(int32_t, const AnswerPart& part, std::string& out) {
  text_ += part.text;
  logprobs_.insert(logprobs_.end(), part.logprobs.begin(), part.logprobs.end());
  event("response.output_text.delta",
        {{"item_id", text_of(message_id_)},
         {"output_index", 0},
         {"content_index", 0},
         {"delta", text_of(part.text)},
         {"logprobs", settings_.logprobs ? logprobs_array(part.logprobs, tokenizer_) : json::array()}},
        out);
}

void ResponsesWriter::end(int32_t, const engine::Finish& finish, std::string& out) {
  const json::object part = text_part(text_);
  event("response.output_text.done",
        {{"item_id", text_of(message_id_)},
         {"output_index", 0},
         {"content_index", 0},
         {"text", text_of(text_)},
         {"logprobs", part.at("logprobs")}},
        out);
  event("response.content_part.done",
        {{"item_id", text_of(message_id_)}, {"output_index", 0}, {"content_index", 0}, {"part", part}}, out);
  const char* status = is_cut_short(finish) ? "incomplete" : "completed";
  event("response.output_item.done", {{"output_index", 0}, {"item", message(status, text_)}}, out);
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
