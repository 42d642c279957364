// The messages of a chat, checked and brought into the form that chat templates expect.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "api/error.h"
#include "api/fields.h"

namespace riposte::api {

struct ChatMessages {
  // Each an object with "role" and, as one string, "content"; tool calls carry their arguments as JSON, not
  // as text.
  boost::json::array for_template;
  std::string last_user_text;  // what a draft may be taken from; empty if no user spoke
};

// Errors name the place: "messages[1].content[0].type".
ApiResult<ChatMessages> read_messages(const boost::json::array& messages);

// A message for a template: {"role", "content"}.
boost::json::object message(std::string_view role, std::string_view content);

// The field "content" of an object, whose fields are read with `fields`: a string, or text parts joined by line breaks.
ApiResult<std::string> read_content(const boost::json::object& object, Fields& fields, bool may_be_absent = false);

}  // namespace riposte::api
