// The options of `riposte serve` that concern the server, not what it computes with.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "base/result.h"
#include "server/options.h"

namespace riposte::apps {

struct ServerSettings {
  server::ServerOptions options;
  std::string keys_file;  // empty: no keys
  server::KeyLimits key_limits;
  std::string redis_url;  // empty: none
  int redis_timeout_ms = 20;
  std::string log_format = "text";
  std::string log_level = "info";
};

void add_server_options(CLI::App& command, ServerSettings& settings);

// Reads the keys and sets up the log of the process. Errors: those of ApiKeys::load, parse_redis_url and
// share_through_redis.
Result<server::ServerOptions> resolve(const ServerSettings& settings);

}  // namespace riposte::apps
