#include "api/answer.h"

namespace riposte::api {

void append_event(std::string_view name, std::string_view json, std::string& out) {
  if (!name.empty()) out.append("event: ").append(name).append("\n");
  out.append("data: ").append(json).append("\n\n");
}

}  // namespace riposte::api
