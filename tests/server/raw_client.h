// A client that sends exactly the bytes it is told to, and behaves as badly as a test wants.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace riposte::server {

struct Response {
  int status = 0;  // 0: the connection ended or nothing came in time
  std::string head;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;                            // chunks joined
  std::string trailers;                        // behind the last chunk

  boost::json::value json() const { return boost::json::parse(body); }
};

class RawClient {
 public:
  // `receive_buffer`: how much the kernel takes for a client that does not read; 0: its own choice.
  explicit RawClient(uint16_t port, int receive_buffer = 0) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer > 0) {
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    }
    const timeval patience{.tv_sec = 60, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }
  RawClient(RawClient&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)),
        connected_(other.connected_),
        received_(std::move(other.received_)) {}
  ~RawClient() { leave(); }

  bool connected() const { return connected_; }

  // False if the server has closed meanwhile.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  void leave() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  // Closes so that the server gets a reset instead of an end.
  void reset() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    leave();
  }
  void end_sending() { ::shutdown(socket_, SHUT_WR); }

  // All bytes up to and with `mark`; empty if the connection ended before.
  std::string receive_until(std::string_view mark) {
    size_t at;
    while ((at = received_.find(mark)) == std::string::npos) {
      if (!receive_more()) return "";
    }
    return take(at + mark.size());
  }
  // True if the server closes the connection, whatever it sends before.
  bool sees_end() {
    while (receive_more()) {
    }
    return ended_;
  }

  Response receive(bool has_body = true) {
    Response response;
    response.head = receive_until("\r\n\r\n");
    if (response.head.size() < 12) return response;
    response.status = std::stoi(response.head.substr(9, 3));
    for (size_t line = response.head.find("\r\n") + 2; line + 2 < response.head.size();) {
      const size_t end = response.head.find("\r\n", line);
      const size_t colon = response.head.find(": ", line);
      std::string name = response.head.substr(line, colon - line);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      response.headers[name] = response.head.substr(colon + 2, end - colon - 2);
      line = end + 2;
    }
    if (!has_body || response.status == 204 || response.status == 100) return response;
    if (response.headers.contains("transfer-encoding")) {
      for (;;) {
        const std::string size_line = receive_until("\r\n");
        if (size_line.empty()) return Response{};
        const size_t size = std::stoul(size_line, nullptr, 16);
        if (size == 0) {
          response.trailers = receive_until("\r\n\r\n");
          return response;
        }
        response.body += receive_bytes(size + 2).substr(0, size);
      }
    }
    if (response.headers.contains("content-length")) {
      response.body = receive_bytes(std::stoul(response.headers["content-length"]));
    } else {
      while (receive_more()) {
      }
      response.body = take(received_.size());
    }
    return response;
  }

 private:
  bool receive_more() {
    char bytes[16384];
    const ssize_t count = ::recv(socket_, bytes, sizeof(bytes), 0);
    // A reset is an end too; a timeout is not.
    ended_ = count == 0 || (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
    if (count <= 0) return false;
    received_.append(bytes, static_cast<size_t>(count));
    return true;
  }
  std::string receive_bytes(size_t count) {
    while (received_.size() < count && receive_more()) {
    }
    return take(count);
  }
  std::string take(size_t count) {
    std::string taken = received_.substr(0, count);
    received_.erase(0, count);
    return taken;
  }

  int socket_;
  bool connected_ = false;
  bool ended_ = false;
  std::string received_;
};

inline std::string get(std::string_view path) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

inline std::string post_to(std::string_view path, const std::string& body, const std::string& headers = "") {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

inline std::string post(const std::string& body, const std::string& headers = "") {
  return post_to("/v1/chat/completions", body, headers);
}

inline std::string chat_body(const std::string& text, const std::string& fields = "") {
  return R"({"temperature":0,"messages":[{"role":"user","content":")" + text + "\"}]" +
         (fields.empty() ? "" : "," + fields) + "}";
}

}  // namespace riposte::server
