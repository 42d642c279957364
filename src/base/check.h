// RIPOSTE_CHECK states what must hold if the code is right. It is for programmer errors only: nothing that a
// request or a file says may reach it.
#pragma once

namespace riposte::detail {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}

#define RIPOSTE_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::riposte::detail::check_failed(#condition, __FILE__, __LINE__))
