// Running another program without a shell, its output in a file.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace riposte::apps {

struct Command {
  std::vector<std::string> arguments;                            // arguments[0] is looked up in PATH
  std::vector<std::pair<std::string, std::string>> environment;  // added to this process's own
  std::filesystem::path log;                                     // where standard output and error go
};

// Waits for the end and returns the exit status (128 + signal for a program that a signal ended).
// `while_waiting` is called about ten times a second. Errors: kNotFound (no such program), kIo.
Result<int> run_command(const Command& command, const std::function<void()>& while_waiting = {});

}  // namespace riposte::apps
