// One whole answer, before it becomes bytes.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "api/error.h"

namespace riposte::server {

struct Reply {
  int status = 200;
  std::string body;  // JSON; empty: none
  std::vector<std::pair<std::string, std::string>> headers;
};

Reply error_reply(const api::ApiError& error);

// How an answer is to be framed for the client that asked.
struct Framing {
  bool http_1_1 = true;    // HTTP/1.0 knows no chunks: there the end of the connection ends a stream
  bool keep_alive = true;  // the connection stays open behind this answer
  bool omit_body = false;  // HEAD
  std::string request_id;  // for x-request-id; empty: none
};

// Status line, headers and body.
std::string to_http(const Reply& reply, const Framing& framing);
// Status line and headers of a stream of server-sent events.
std::string stream_head(const Framing& framing);
// A piece of the stream's body, and what ends it. Empty pieces give nothing: an empty chunk would be the end.
std::string stream_piece(const std::string& piece, const Framing& framing);
std::string stream_end(const Framing& framing);

}  // namespace riposte::server
