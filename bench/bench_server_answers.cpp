// What stands around the engine costs: HTTP, JSON, template, tokens, queues and back, with a model that
// computes nothing. Client and server share the machine, over loopback. BM_Health, BM_CachedAnswer and
// BM_ComputedAnswer: one request after another on one connection. BM_Arrivals: 64 connections, on which
// requests arrive at a fixed rate whether or not earlier ones are answered; times count from the sending of a
// request, or from the moment at which it was due where no connection was free. BM_IdleConnections: what 2000
// connections cost that have asked once. Items are requests; "p50_us" and "p99_us" are of single requests,
// "late_p50_us" and "late_p99_us" say how late the sleeping client itself sent them, which no server can help.
#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
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

  int socket() const { return socket_; }
  bool send(std::string_view request) {
    received_.clear();
    return socket_ >= 0 && ::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) >= 0;
  }
  // Takes what there is, or waits for something; false at the end of the connection.
  bool receive() {
    char bytes[16384];
    const ssize_t count = ::recv(socket_, bytes, sizeof bytes, 0);
    if (count <= 0) return false;
    received_.append(bytes, static_cast<size_t>(count));
    return true;
  }
  bool has_all(std::string_view last) const { return received_.ends_with(last); }
  bool ask(std::string_view request, std::string_view last) {
    if (!send(request)) return false;
    while (!has_all(last)) {
      if (!receive()) return false;
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

void tell_times(benchmark::State& state, const std::string& prefix, std::vector<double>& microseconds) {
  if (microseconds.empty()) return;
  std::ranges::sort(microseconds);
  state.counters[prefix + "p50_us"] = microseconds[microseconds.size() / 2];
  state.counters[prefix + "p99_us"] = microseconds[microseconds.size() * 99 / 100];
  state.SetItemsProcessed(static_cast<int64_t>(microseconds.size()));
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
  tell_times(state, "", microseconds);
}

// Requests on the free ones of some connections, one every so often.
class Arrivals {
 public:
  using Clock = std::chrono::steady_clock;

  Arrivals(uint16_t port, size_t connections, std::string request) : request_(std::move(request)) {
    ::prctl(PR_SET_TIMERSLACK, 1);  // nanoseconds; 50 us otherwise, by which every request would be late
    for (size_t i = 0; i < connections; ++i) lines_.push_back({std::make_unique<Client>(port), {}, false});
  }
  struct Times {
    std::vector<double> answer_us, late_us;  // of each request
  };
  // Sends `count` requests, `every` apart, and adds the times of each; false if a connection broke.
  bool run(int count, std::chrono::nanoseconds every, Times& times) {
    const auto start = Clock::now();
    int sent = 0, answered = 0;
    bool full = false;
    while (answered < count) {
      for (; sent < count; ++sent) {
        const auto due = start + sent * every, now = Clock::now();
        if (due > now) break;
        const auto free = std::ranges::find(lines_, false, &Line::busy);
        if (free == lines_.end()) {
          full = true;  // it is late, and counted so
          break;
        }
        *free = {std::move(free->client), full ? due : now, true};
        if (!full) times.late_us.push_back(us(now - due));
        full = false;
        if (!free->client->send(request_)) return false;
      }
      // Waits without spinning: the server needs the processors.
      const auto pause =
          sent < count ? start + sent * every - Clock::now() : std::chrono::nanoseconds(1'000'000);
      const auto received = receive(std::max(pause, std::chrono::nanoseconds(0)), times.answer_us);
      if (received < 0) return false;
      answered += received;
    }
    return true;
  }

 private:
  struct Line {
    std::unique_ptr<Client> client;
    Clock::time_point from;  // its time counts
    bool busy = false;
  };

  static double us(Clock::duration time) { return std::chrono::duration<double, std::micro>(time).count(); }

  int receive(std::chrono::nanoseconds pause, std::vector<double>& microseconds) {
    std::vector<pollfd> waiting;
    std::vector<Line*> whose;
    for (Line& line : lines_) {
      if (!line.busy) continue;
      waiting.push_back({line.client->socket(), POLLIN, 0});
      whose.push_back(&line);
    }
    const timespec limit{.tv_sec = 0, .tv_nsec = std::min<int64_t>(pause.count(), 999'999'999)};
    ::ppoll(waiting.data(), waiting.size(), &limit, nullptr);
    int answered = 0;
    for (size_t i = 0; i < waiting.size(); ++i) {
      if (waiting[i].revents == 0) continue;
      if (!whose[i]->client->receive()) return -1;
      if (!whose[i]->client->has_all("}")) continue;
      microseconds.push_back(us(Clock::now() - whose[i]->from));
      whose[i]->busy = false;
      ++answered;
    }
    return answered;
  }

  const std::string request_;
  std::vector<Line> lines_;
};

// Argument: requests a second.
void run_arrivals(benchmark::State& state, const std::string& request) {
  testing::BabbleModel model(4096);
  Server server({.port = 0}, model.served());
  const auto port = server.start();
  if (!port) return state.SkipWithError(port.error().message.c_str());
  Arrivals arrivals(*port, 64, request);
  Arrivals::Times times;
  const auto every = std::chrono::nanoseconds(1'000'000'000 / state.range(0));
  if (!arrivals.run(64, every, times)) return state.SkipWithError("the server has closed a connection");
  times = {};
  for (auto _ : state) {
    if (!arrivals.run(1000, every, times)) return state.SkipWithError("the server has closed a connection");
  }
  tell_times(state, "late_", times.late_us);
  tell_times(state, "", times.answer_us);
}

// Of this process, in bytes (proc(5)): the second number of statm is in pages.
double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

// Argument: connections.
void BM_IdleConnections(benchmark::State& state) {
  rlimit descriptors{};
  ::getrlimit(RLIMIT_NOFILE, &descriptors);
  descriptors.rlim_cur = descriptors.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &descriptors);
  testing::BabbleModel model(4096);
  const auto connections = static_cast<size_t>(state.range(0));
  Server server({.port = 0, .max_connections = connections + 1}, model.served());
  const auto port = server.start();
  if (!port) return state.SkipWithError(port.error().message.c_str());
  const std::string request = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
  Client(*port).ask(request, "}");
  for (auto _ : state) {
    const double before = resident_bytes();
    std::vector<std::unique_ptr<Client>> clients;
    for (size_t i = 0; i < connections; ++i) {
      clients.push_back(std::make_unique<Client>(*port));
      if (!clients.back()->ask(request, "}")) return state.SkipWithError("a connection was refused");
    }
    state.counters["MiB"] = (resident_bytes() - before) / (1 << 20);
  }
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
void BM_CachedArrivals(benchmark::State& state) {
  run_arrivals(state, chat(""));
}
void BM_Arrivals(benchmark::State& state) {
  run_arrivals(state, chat("Cache-Control: no-store\r\n"));
}
BENCHMARK(BM_ComputedAnswer)->UseRealTime();
BENCHMARK(BM_Arrivals)->Arg(500)->Arg(2000)->Arg(5000)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(BM_CachedArrivals)->Arg(2000)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(BM_IdleConnections)->Arg(2000)->Iterations(1)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace riposte::server

BENCHMARK_MAIN();
