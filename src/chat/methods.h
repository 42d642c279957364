// The methods of strings, dicts and loops: value.name(arguments).
#pragma once

#include <string_view>

#include "chat/value.h"

namespace riposte::chat {

// Null where values of this kind have no such method. Methods that would change a list or a dict exist and
// fail: chat templates run on data that stays as it is.
Method find_method(Kind kind, std::string_view name);

Method find_string_method(std::string_view name);

}  // namespace riposte::chat
