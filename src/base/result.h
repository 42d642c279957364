// Errors are values: a function that can fail on what a user, a file or a socket gave returns Result<T>.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace riposte {

// What kind of failure, so that each edge (exit status, HTTP status) can translate it once.
enum class ErrorCode {
  kInvalidArgument,  // the caller asked for something impossible           -> exit 2, HTTP 400
  kNotFound,         // no such file, model or preset                       -> exit 2, HTTP 404
  kUnsupported,      // well-formed, but not something Riposte can do       -> exit 2, HTTP 400
  kCorrupt,          // bytes that contradict their own format              -> exit 1, HTTP 400
  kTooLarge,         // beyond a stated limit (context, body, recursion)    -> exit 2, HTTP 413 or 400
  kBusy,             // no room now, later there may be                     -> exit 1, HTTP 503
  kDeadline,         // the time that the caller gave does not suffice      -> exit 1, HTTP 504
  kCancelled,        // whoever asked has left                              -> exit 1, HTTP 499
  kSuperseded,       // whoever asked has asked something newer instead     -> exit 1, HTTP 499
  kIo,               // the system said no (disk, socket, permission)       -> exit 1, HTTP 500
  kInternal,         // a defect of Riposte                                 -> exit 1, HTTP 500
};

// The message is one sentence for a person: what was expected, what was found, what to do.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
  int64_t retry_after_ms = 0;  // of kBusy: when there may be room; 0: nobody knows

  // The same error, seen from one step further out: "CONTEXT: message".
  Error within(std::string_view context) const {
    return {code, fmt::format("{}: {}", context, message), retry_after_ms};
  }
};

template <class T>
using Result = tl::expected<T, Error>;

// return fail(ErrorCode::kCorrupt, "tensor '{}' ends at byte {}, the file at {}", name, end, size);
template <class... Args>
tl::unexpected<Error> fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected<Error>(Error{code, fmt::format(format, std::forward<Args>(args)...)});
}

// Hands an error on to the caller: if (!file) return pass_on(file);
template <class T>
tl::unexpected<Error> pass_on(const Result<T>& failed) {
  return tl::unexpected<Error>(failed.error());
}

}  // namespace riposte
