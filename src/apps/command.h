// What all subcommands share: how they join the command line, how they end, how they report.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace riposte::apps {

// Exit statuses, the same for every subcommand.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;  // the work itself failed: corrupt file, network, disk, engine
inline constexpr int kExitUsage =
    2;  // the request cannot be met: wrong option, unknown model or preset, too long

int exit_status(ErrorCode code);
// One line on standard error, "riposte: MESSAGE"; returns the exit status.
int report(const Error& error);

// Each adds its subcommand to `app` and sets `run` when the user chose it. `run` returns the exit status.
using Run = std::function<int()>;
void add_rewrite_command(CLI::App& app, Run& run);
void add_serve_command(CLI::App& app, Run& run);
void add_key_command(CLI::App& app, Run& run);
void add_pull_command(CLI::App& app, Run& run);
void add_info_command(CLI::App& app, Run& run);
void add_bench_command(CLI::App& app, Run& run);
void add_debug_command(CLI::App& app, Run& run);

// The end of a subcommand's help: an example, and the exit statuses.
std::string help_footer(std::string_view example);

}  // namespace riposte::apps
