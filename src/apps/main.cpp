// The `riposte` command: reads the command line, runs one subcommand, ends with its status.
#include <CLI/CLI.hpp>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <exception>

#include "apps/command.h"

int main(int argc, char** argv) {
  using namespace riposte::apps;
  spdlog::set_default_logger(spdlog::stderr_color_mt("riposte"));  // standard output is for answers
  CLI::App app("Riposte answers short requests to a language model on this machine, fast.", "riposte");
  app.set_version_flag("--version", "riposte " RIPOSTE_VERSION);
  app.require_subcommand(1);
  app.footer(
      "\nBegin with:\n  riposte pull smollm2\n  riposte rewrite \"She go to school every day.\"\n\n"
      "Models live in $RIPOSTE_HOME (default ~/.cache/riposte). riposte COMMAND --help says more.");
  Run run;
  add_rewrite_command(app, run);
  add_serve_command(app, run);
  add_key_command(app, run);
  add_pull_command(app, run);
  add_info_command(app, run);
  add_bench_command(app, run);
  add_debug_command(app, run);
  try {
    app.parse(argc, argv);
    return run();
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) return app.exit(error);
    return report({riposte::ErrorCode::kInvalidArgument, fmt::format("{} (see --help)", error.what())});
  } catch (const std::exception& error) {
    return report({riposte::ErrorCode::kInternal, error.what()});
  }
}
