// Answers to POST /v1/chat/completions: the whole object, or the chunks of a stream.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "api/served_model.h"
#include "engine/request.h"

namespace riposte::api {

// What all objects of one answer have in common.
struct ChatHead {
  std::string id;           // "chatcmpl-..."
  int64_t created = 0;      // seconds since 1970
  std::string model;        // ServedModel::name
  std::string fingerprint;  // system_fingerprint
};

// The object "chat.completion". `finish.reason` must be kStop or kLength. `text` is UTF-8.
std::string completion_json(const ChatHead& head, std::string_view text, const engine::Finish& finish);

// The events of a stream, each as server-sent event: "data: {...}\n\n". In order: one begin, any number of
// texts, one end, one usage if it was asked for, done.
std::string begin_event(const ChatHead& head);
std::string text_event(const ChatHead& head, std::string_view text);
std::string end_event(const ChatHead& head, engine::FinishReason reason);
std::string usage_event(const ChatHead& head, const engine::Usage& usage);
std::string done_event();
// Instead of the end, when something fails after the stream has begun.
std::string error_event(const std::string& error_json);

}  // namespace riposte::api
