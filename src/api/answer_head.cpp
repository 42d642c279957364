#include "api/answer_head.h"

#include <fmt/format.h>

#include "api/json.h"

namespace riposte::api {

AnswerHead answer_head(std::string_view id_prefix, const RequestContext& context, const ServedModel& model) {
  return {std::string(id_prefix) + context.id, context.created, model.name, model.fingerprint};
}

std::string open_object(const AnswerHead& head, std::string_view kind) {
  return fmt::format(R"({{"id":{},"object":{},"created":{},"model":{},"system_fingerprint":{},)",
                     json_string(head.id), json_string(kind), head.created, json_string(head.model),
                     json_string(head.fingerprint));
}

}  // namespace riposte::api
