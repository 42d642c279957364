#include "apps/command.h"

#include <cstdio>

namespace riposte::apps {

int exit_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kNotFound:
    case ErrorCode::kUnsupported:
    case ErrorCode::kTooLarge:
      return kExitUsage;
    case ErrorCode::kCorrupt:
    case ErrorCode::kBusy:
    case ErrorCode::kCancelled:
    case ErrorCode::kDeadline:
    case ErrorCode::kSuperseded:
    case ErrorCode::kIo:
    case ErrorCode::kInternal:
      break;
  }
  return kExitFailed;
}

int report(const Error& error) {
  fmt::print(stderr, "riposte: {}\n", error.message);
  return exit_status(error.code);
}

std::string help_footer(std::string_view example) {
  return fmt::format(
      "\nExample:\n{}\n\nExit status: 0 all went well; 1 the work failed (corrupt file, network, disk);\n"
      "2 wrong usage, an unknown model or preset, an input that cannot be taken.",
      example);
}

}  // namespace riposte::apps
