#include "server/reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace riposte::server {
namespace {

// A short answer is over by then, and its place in the queue free.
constexpr std::chrono::milliseconds kRetryAfter{200};

std::string_view reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 499:
      return "Client Closed Request";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return status < 500 ? "Bad Request" : "Internal Server Error";
  }
}

std::string common_head(int status, const Framing& framing) {
  std::string head = fmt::format("HTTP/1.1 {} {}\r\nServer: riposte\r\nConnection: {}\r\n", status,
                                 reason(status), framing.keep_alive ? "keep-alive" : "close");
  if (!framing.request_id.empty()) head += fmt::format("x-request-id: {}\r\n", framing.request_id);
  return head += framing.headers;
}

}  // namespace

Reply error_reply(const api::ApiError& error, api::Dialect dialect) {
  Reply reply{error.status, api::to_json(error, dialect)};
  if (error.status == 503 || error.status == 429) {
    // Retry-After knows whole seconds only; OpenAI's clients prefer the other.
    const int64_t retry_ms = error.retry_after_ms > 0 ? error.retry_after_ms : kRetryAfter.count();
    reply.headers.emplace_back("Retry-After", std::to_string((retry_ms + 999) / 1000));
    reply.headers.emplace_back("retry-after-ms", std::to_string(retry_ms));
  }
  // OpenAI's clients would ask again: too late, or against the request that has taken this one's place.
  if (error.status == 504 || error.status == 499) reply.headers.emplace_back("x-should-retry", "false");
  return reply;
}

std::string to_http(const Reply& reply, const Framing& framing) {
  std::string text = common_head(reply.status, framing);
  for (const auto& [name, value] : reply.headers) text += fmt::format("{}: {}\r\n", name, value);
  if (!reply.timing.empty()) text += fmt::format("Server-Timing: {}\r\n", reply.timing);
  if (!reply.body.empty()) text += fmt::format("Content-Type: {}\r\n", reply.content_type);
  if (reply.status != 204) text += fmt::format("Content-Length: {}\r\n", reply.body.size());
  text += "\r\n";
  if (!framing.omit_body) text += reply.body;
  return text;
}

std::string stream_head(api::StreamKind kind, const std::string& timing, const Framing& framing) {
  const bool events = kind == api::StreamKind::kEvents;
  std::string head = common_head(200, framing);
  head += fmt::format("Content-Type: {}\r\nCache-Control: no-cache\r\nX-Accel-Buffering: no\r\n",
                      events ? "text/event-stream; charset=utf-8" : "application/x-ndjson");
  head += fmt::format("Server-Timing: {}\r\n", timing);
  if (framing.http_1_1) head += "Trailer: Server-Timing\r\nTransfer-Encoding: chunked\r\n";
  return head + "\r\n";
}

std::string stream_piece(const std::string& piece, const Framing& framing) {
  if (!framing.http_1_1 || piece.empty()) return piece;
  return fmt::format("{:x}\r\n{}\r\n", piece.size(), piece);
}

std::string stream_end(const std::string& timing, const Framing& framing) {
  return framing.http_1_1 ? fmt::format("0\r\nServer-Timing: {}\r\n\r\n", timing) : "";
}

}  // namespace riposte::server
