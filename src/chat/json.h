// JSON in (the request) and out (the filter tojson).
#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string_view>

#include "chat/value.h"

namespace riposte::chat {

// Every string and key becomes untrusted text. Strings are not copied: `json` must outlive the context.
Value from_json(Context& context, const boost::json::value& json);
Value from_json(Context& context, const boost::json::array& json);

// The messages of a conversation. The role of a message is trusted where it is one of the roles that chat
// formats know, because templates build control tokens of it ('<|' + role + '|>'); any other role is a user's
// text.
Value from_messages(Context& context, const boost::json::array& messages);

struct JsonStyle {
  std::optional<std::string_view> indent;  // one level of it; on one line if not given
  std::string_view item_separator = ", ";
  std::string_view key_separator = ": ";
  bool sort_keys = false;
  bool ascii_only = false;
};

// json.dumps() of Python. The whole text is untrusted.
Text to_json(Context& context, const Value& value, const JsonStyle& style);

}  // namespace riposte::chat
