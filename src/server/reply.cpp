#include "server/reply.h"

#include <fmt/format.h>

#include <string_view>

namespace riposte::server {
namespace {

std::string_view reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    default:
      return status < 500 ? "Bad Request" : "Internal Server Error";
  }
}

std::string common_head(int status, const Framing& framing) {
  std::string head = fmt::format("HTTP/1.1 {} {}\r\nServer: riposte\r\nConnection: {}\r\n", status,
                                 reason(status), framing.keep_alive ? "keep-alive" : "close");
  if (!framing.request_id.empty()) head += fmt::format("x-request-id: {}\r\n", framing.request_id);
  return head;
}

}  // namespace

Reply error_reply(const api::ApiError& error) {
  Reply reply{error.status, api::to_json(error), {}};
  if (error.status == 503) reply.headers.emplace_back("Retry-After", "1");
  return reply;
}

std::string to_http(const Reply& reply, const Framing& framing) {
  std::string text = common_head(reply.status, framing);
  for (const auto& [name, value] : reply.headers) text += fmt::format("{}: {}\r\n", name, value);
  if (!reply.body.empty()) text += "Content-Type: application/json\r\n";
  if (reply.status != 204) text += fmt::format("Content-Length: {}\r\n", reply.body.size());
  text += "\r\n";
  if (!framing.omit_body) text += reply.body;
  return text;
}

std::string stream_head(const Framing& framing) {
  std::string head = common_head(200, framing);
  head +=
      "Content-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\nX-Accel-Buffering: "
      "no\r\n";
  if (framing.http_1_1) head += "Transfer-Encoding: chunked\r\n";
  return head + "\r\n";
}

std::string stream_piece(const std::string& piece, const Framing& framing) {
  if (!framing.http_1_1 || piece.empty()) return piece;
  return fmt::format("{:x}\r\n{}\r\n", piece.size(), piece);
}

std::string stream_end(const Framing& framing) {
  return framing.http_1_1 ? "0\r\n\r\n" : "";
}

}  // namespace riposte::server
