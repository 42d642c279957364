// A file of options for a command: what stands in it counts where neither the command line nor the
// environment says otherwise.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "base/result.h"

namespace riposte::apps {

inline const std::string kConfigHelp =
    "\nEvery option may also stand in the file of --config (TOML, flat, 'max_connections = 100' for\n"
    "--max-connections) and in the environment (RIPOSTE_MAX_CONNECTIONS). The command line comes first, "
    "then\n"
    "the environment, then the file.\n";

// To be called behind all other options: adds --config, and gives each option RIPOSTE_NAME in the
// environment.
void add_config_option(CLI::App& command, std::string& path);

// Sets the options that nobody has given from the file; an empty path is no file. Errors: those of opening
// it, kCorrupt (not TOML), kInvalidArgument (no such option, a value that it does not take), with the line.
Result<void> apply_config_file(CLI::App& command, const std::string& path);

}  // namespace riposte::apps
