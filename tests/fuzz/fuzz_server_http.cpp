// Any bytes on a connection to a server of a small model: it answers in HTTP or closes, never with an error of its own, and
// answers others afterwards. The first byte chooses how the bytes are cut, and whether the client closes its half.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "server/server.h"
#include "support/babble_model.h"

namespace {

using namespace riposte;

void require(bool condition) {
  if (!condition) std::abort();
}

struct Service {
  Service() {
    const auto started = server.start();
    require(started.has_value());
    port = *started;
  }
  riposte::testing::BabbleModel model{128};
  server::Server server{{.port = 0, .max_body_bytes = 4096, .max_header_bytes = 2048}, model.served()};
  uint16_t port = 0;
};

class Client {
 public:
  explicit Client(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    // No port of a closed connection has to wait: there are thousands a second.
    const linger at_once{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    require(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  ~Client() { ::close(socket_); }

  bool send(std::string_view bytes) {
    return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  void end() { ::shutdown(socket_, SHUT_WR); }
  // Until the server closes, or says nothing for so long.
  std::string receive(std::chrono::milliseconds patience) {
    const timeval limit{patience.count() / 1000, patience.count() % 1000 * 1000};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    std::string all;
    char bytes[16384];
    for (ssize_t count; (count = ::recv(socket_, bytes, sizeof bytes, 0)) > 0;) {
      all.append(bytes, static_cast<size_t>(count));
    }
    return all;
  }

 private:
  int socket_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Service service;
  if (size == 0) return 0;
  const size_t piece = data[0] % 8 == 0 ? size : size_t{1} << (data[0] % 8);
  const bool closes = data[0] / 8 % 4 != 0;
  Client client(service.port);
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  while (!bytes.empty() && client.send(bytes.substr(0, std::min(piece, bytes.size())))) {
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  if (closes) client.end();
  const std::string said = client.receive(std::chrono::milliseconds(closes ? 2000 : 2));
  require(said.empty() || said.starts_with("HTTP/1.1 "));
  require(!said.starts_with("HTTP/1.1 500"));
  static int inputs = 0;
  if (++inputs % 256 == 0) {
    Client other(service.port);
    require(other.send("GET /health HTTP/1.1\r\nConnection: close\r\n\r\n"));
    require(other.receive(std::chrono::milliseconds(900)).starts_with("HTTP/1.1 200"));
  }
  return 0;
}
