// What all objects of one answer have in common in OpenAI's dialect.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "api/answer.h"

namespace riposte::api {

struct AnswerHead {
  std::string id;           // "chatcmpl-..."
  int64_t created = 0;      // seconds since 1970
  std::string model;        // ServedModel::name
  std::string fingerprint;  // system_fingerprint
};

AnswerHead answer_head(std::string_view id_prefix, const RequestContext& context, const ServedModel& model);

// The beginning of such an object, up to where its own fields follow: {"id":...,"system_fingerprint":"...",
std::string open_object(const AnswerHead& head, std::string_view kind);

}  // namespace riposte::api
