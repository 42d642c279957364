// What stands around the engine costs: HTTP, JSON, template, tokens, queues and back, with a model that
// computes nothing. Client and server share the machine, over loopback, one request after another on one
// connection. Items are requests; "p50_us" and "p99_us" are of single requests.
#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "server/server.h"
#include "support/babble_model.h"

namespace riposte::server {
namespace {

// Sends a request and waits for the answer, whose body ends with `last`.
class Client {
 public:
  explicit Client(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) leave();
  }
  ~Client() { leave(); }

  bool ask(std::string_view request, std::string_view last) {
    if (socket_ < 0 || ::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) < 0) return false;
    for (received_.clear(); !received_.ends_with(last);) {
      char bytes[16384];
      const ssize_t count = ::recv(socket_, bytes, sizeof bytes, 0);
      if (count <= 0) return false;
      received_.append(bytes, static_cast<size_t>(count));
    }
    return true;
  }

 private:
  void leave() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  int socket_;
  std::string received_;
};

std::string chat(const std::string& headers) {
  const std::string body =
      R"({"temperature":0,"max_tokens":1,"messages":[{"role":"system","content":"Correct it."},)"
      R"({"role":"user","content":"She go to school every day."}]})";
  return "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

void run(benchmark::State& state, const std::string& request) {
  testing::BabbleModel model(4096);
  Server server({.port = 0}, model.served());
  const auto port = server.start();
  if (!port) return state.SkipWithError(port.error().message.c_str());
  Client client(*port);
  client.ask(request, "}");  // what can be kept is kept now
  std::vector<double> microseconds;
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    if (!client.ask(request, "}")) return state.SkipWithError("the server has closed the connection");
    microseconds.push_back(
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count());
  }
  std::ranges::sort(microseconds);
  state.counters["p50_us"] = microseconds[microseconds.size() / 2];
  state.counters["p99_us"] = microseconds[microseconds.size() * 99 / 100];
  state.SetItemsProcessed(static_cast<int64_t>(microseconds.size()));
}

void BM_Health(benchmark::State& state) {
  run(state, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
}
void BM_CachedAnswer(benchmark::State& state) {
  run(state, chat(""));
}
void BM_ComputedAnswer(benchmark::State& state) {
  run(state, chat("Cache-Control: no-store\r\n"));
}
BENCHMARK(BM_Health)->UseRealTime();
BENCHMARK(BM_CachedAnswer)->UseRealTime();
BENCHMARK(BM_ComputedAnswer)->UseRealTime();

}  // namespace
}  // namespace riposte::server

BENCHMARK_MAIN();
