#include "api/chat_response.h"

#include <boost/json.hpp>
#include <utility>

namespace riposte::api {
namespace {

namespace json = boost::json;

json::string text_of(std::string_view text) {
  return json::string(text.data(), text.size());
}

json::object usage_object(const engine::Usage& usage) {
  return {{"prompt_tokens", usage.prompt_tokens},
          {"completion_tokens", usage.output_tokens},
          {"total_tokens", int64_t{usage.prompt_tokens} + usage.output_tokens},
          {"prompt_tokens_details", {{"cached_tokens", usage.cached_tokens}}},
          {"completion_tokens_details",
           {{"accepted_prediction_tokens", usage.accepted_tokens},
            {"rejected_prediction_tokens", usage.drafted_tokens - usage.accepted_tokens}}}};
}

const char* name_of(engine::FinishReason reason) {
  return reason == engine::FinishReason::kLength ? "length" : "stop";
}

json::object head_object(const ChatHead& head, const char* kind) {
  return {{"id", text_of(head.id)},
          {"object", kind},
          {"created", head.created},
          {"model", text_of(head.model)},
          {"system_fingerprint", text_of(head.fingerprint)}};
}

std::string event_of(const json::object& object) {
  return "data: " + json::serialize(object) + "\n\n";
}

std::string chunk_event(const ChatHead& head, json::object delta, json::value finish_reason) {
  json::object chunk = head_object(head, "chat.completion.chunk");
  chunk["choices"] = json::array{json::object{{"index", 0},
                                              {"delta", std::move(delta)},
                                              {"logprobs", nullptr},
                                              {"finish_reason", std::move(finish_reason)}}};
  return event_of(chunk);
}

}  // namespace

std::string completion_json(const ChatHead& head, std::string_view text, const engine::Finish& finish) {
  json::object answer = head_object(head, "chat.completion");
  answer["choices"] = json::array{
      json::object{{"index", 0},
                   {"message", {{"role", "assistant"}, {"content", text_of(text)}, {"refusal", nullptr}}},
                   {"logprobs", nullptr},
                   {"finish_reason", name_of(finish.reason)}}};
  answer["usage"] = usage_object(finish.usage);
  return json::serialize(answer);
}

std::string begin_event(const ChatHead& head) {
  return chunk_event(head, {{"role", "assistant"}, {"content", ""}}, nullptr);
}

std::string text_event(const ChatHead& head, std::string_view text) {
  return chunk_event(head, {{"content", text_of(text)}}, nullptr);
}

std::string end_event(const ChatHead& head, engine::FinishReason reason) {
  return chunk_event(head, {}, name_of(reason));
}

std::string usage_event(const ChatHead& head, const engine::Usage& usage) {
  json::object chunk = head_object(head, "chat.completion.chunk");
  chunk["choices"] = json::array{};
  chunk["usage"] = usage_object(usage);
  return event_of(chunk);
}

std::string done_event() {
  return "data: [DONE]\n\n";
}

std::string error_event(const std::string& error_json) {
  return "data: " + error_json + "\n\n";
}

}  // namespace riposte::api
