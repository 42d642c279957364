// The functions that every template can call: range, namespace, dict, raise_exception, strftime_now.
#pragma once

#include <span>
#include <string_view>

#include "chat/value.h"

namespace riposte::chat {

struct GlobalFunction {
  std::string_view name;
  Function function;
};

std::span<const GlobalFunction> global_functions();

}  // namespace riposte::chat
