// How a server listens and what it allows.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cache/shared_answers.h"
#include "server/access_log.h"
#include "server/api_keys.h"

namespace riposte::server {

struct ServerOptions {
  std::string address = "127.0.0.1";  // an IPv4 or IPv6 address, or "localhost"
  uint16_t port = 8080;               // 0: any that is free
  ApiKeys keys = {};                  // empty: everybody may ask, so only this machine may reach the server
  bool allow_anonymous = false;       // ... or others too
  bool open_metrics = false;          // GET /metrics needs no key
  bool share_between_keys = false;    // answers and guesses of one key serve the others
  std::vector<std::string> allowed_origins = {};   // of pages in browsers; see Origins
  std::string tls_certificate = {}, tls_key = {};  // files in PEM; both empty: no encryption

  std::optional<LogFormat> log_requests = {};  // nothing: no line for each request
  bool log_text = false;                       // with what was asked

  int threads = 2;                // for sockets and JSON; the engine has its own
  size_t max_connections = 1024;  // further ones get a 503 and are closed

  uint64_t max_body_bytes = uint64_t{8} << 20;  // beyond: 413
  uint32_t max_header_bytes = 16 << 10;         // beyond: 431
  size_t max_unsent_bytes = 256 << 10;  // text of a stream that a client has not taken; beyond: cut off

  size_t cache_bytes = 64 << 20;  // of the response cache; 0: none
  std::chrono::seconds cache_time_to_live{3600};
  std::shared_ptr<cache::SharedAnswers> shared_answers = {};  // with other servers; null: none

  std::chrono::milliseconds idle_timeout{75'000};   // between two requests of a connection
  std::chrono::milliseconds read_timeout{30'000};   // from a request's first byte to its last; beyond: 408
  std::chrono::milliseconds write_timeout{30'000};  // for one write to be taken
  std::chrono::milliseconds stop_grace{10'000};     // what stop() gives to running requests
};

}  // namespace riposte::server
