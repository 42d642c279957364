// How the parser and the interpreter give up: one private exception, because both are deeply recursive and
// almost never fail. Template::parse and Template::render are the only places that catch it, and turn it into
// an Error.
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>

#include "base/result.h"

namespace riposte::chat {

struct Failure {
  ErrorCode code;
  std::string message;  // without the place, which the catcher knows
};

template <class... Args>
[[noreturn]] void raise(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  throw Failure{code, fmt::format(format, std::forward<Args>(args)...)};
}

// What Python would call a TypeError, ValueError or UndefinedError: the template and this input do not fit.
template <class... Args>
[[noreturn]] void raise_invalid(fmt::format_string<Args...> format, Args&&... args) {
  throw Failure{ErrorCode::kInvalidArgument, fmt::format(format, std::forward<Args>(args)...)};
}

}  // namespace riposte::chat
