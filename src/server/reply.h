// One whole answer, before it becomes bytes.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "api/answer.h"
#include "api/error.h"

namespace riposte::server {

struct Reply {
  int status = 200;
  std::string body;  // JSON; empty: none
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string content_type = "application/json";  // of the body
  std::string timing = {};                        // Server-Timing; empty: none
};

// With a time to come back where the server is busy (503) or a limit is reached (429), and x-should-retry: false where that is of no use.
Reply error_reply(const api::ApiError& error, api::Dialect dialect = api::Dialect::kOpenAi);

// How an answer is to be framed for the client that asked.
struct Framing {
  bool http_1_1 = true;    // HTTP/1.0 knows no chunks: there the end of the connection ends a stream
  bool keep_alive = true;  // the connection stays open behind this answer
  bool omit_body = false;  // HEAD
  std::string request_id;  // for x-request-id; empty: none
  std::string headers = {};  // further lines, each with its end: those for pages of other sites
};

// Status line, headers and body.
std::string to_http(const Reply& reply, const Framing& framing);
// Status line and headers of a stream. `timing` is the value of Server-Timing so far.
std::string stream_head(api::StreamKind kind, const std::string& timing, const Framing& framing);
// A piece of the stream's body, and what ends it. Empty pieces give nothing: an empty chunk would be the end.
std::string stream_piece(const std::string& piece, const Framing& framing);
// The end carries Server-Timing as a trailer, where the client's HTTP has trailers.
std::string stream_end(const std::string& timing, const Framing& framing);

}  // namespace riposte::server
