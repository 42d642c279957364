// Reading what a filter, a method or a function was called with.
#pragma once

#include <array>
#include <string_view>

#include "chat/value.h"

namespace riposte::chat {

// The arguments in the order of `names`, wherever they were given; null for those that were not.
// Raises kInvalidArgument for too many, unknown or doubly given ones, and for a missing one of the first
// `required`.
template <size_t N>
std::array<const Value*, N> bind(std::string_view function, const Arguments& arguments,
                                 const std::array<std::string_view, N>& names, size_t required = 0) {
  std::array<const Value*, N> bound{};
  if (arguments.positional.size() > N) {
    raise_invalid("{}() takes at most {} arguments, not {}", function, N, arguments.positional.size());
  }
  for (size_t i = 0; i < arguments.positional.size(); ++i) bound[i] = &arguments.positional[i];
  for (const auto& [name, value] : arguments.named) {
    size_t i = 0;
    while (i < N && names[i] != name) ++i;
    if (i == N) raise_invalid("{}() has no argument '{}'", function, name);
    if (bound[i]) raise_invalid("{}() is given '{}' twice", function, name);
    bound[i] = &value;
  }
  for (size_t i = 0; i < required; ++i) {
    if (!bound[i]) raise_invalid("{}() needs the argument '{}'", function, names[i]);
  }
  return bound;
}

inline void bind_none(std::string_view function, const Arguments& arguments) {
  bind<0>(function, arguments, {});
}

inline bool truth_or(const Value* value, bool otherwise) {
  return value ? is_true(*value) : otherwise;
}
inline int64_t integer_or(std::string_view function, const Value* value, int64_t otherwise) {
  if (!value) return otherwise;
  if (!value->is_integral()) raise_invalid("{}() needs an integer, not a {}", function, type_name(*value));
  return value->as_integer();
}
inline const Text& text_of(std::string_view function, const Value& value) {
  if (!value.is_string()) raise_invalid("{}() needs a string, not a {}", function, type_name(value));
  return value.as_text();
}
inline bool is_given(const Value* value) {
  return value && !value->is(Kind::kNone);
}

}  // namespace riposte::chat
