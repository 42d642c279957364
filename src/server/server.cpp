#include "server/server.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <exception>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "server/connection.h"
#include "server/hub.h"
#include "server/tls.h"

namespace riposte::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds kAcceptPause{100};  // when the system has no descriptor left
constexpr std::chrono::milliseconds kLastWords{2000};   // for cancelled answers to reach their clients

tl::unexpected<Error> cannot_listen(const ServerOptions& options, const error_code& failed) {
  if (failed == asio::error::address_in_use) {
    return fail(ErrorCode::kIo,
                "port {} of {} is in use: stop what listens there, or choose another port (0: any)",
                options.port, options.address);
  }
  return fail(ErrorCode::kIo, "cannot listen on port {} of {}: {}", options.port, options.address,
              failed.message());
}

Result<tcp::endpoint> endpoint_of(const ServerOptions& options) {
  error_code failed;
  const auto address =
      asio::ip::make_address(options.address == "localhost" ? "127.0.0.1" : options.address, failed);
  if (failed) {
    return fail(ErrorCode::kInvalidArgument,
                "'{}' is not an address to listen on: expected one like 127.0.0.1, 0.0.0.0 "
                "or ::1",
                options.address);
  }
  if (!address.is_loopback() && options.keys.empty() && !options.allow_anonymous) {
    return fail(
        ErrorCode::kInvalidArgument,
        "{} is an address that others can reach, and without keys everybody could use this server: give it a "
        "file of keys ('riposte key new' makes one), or allow it explicitly (--allow-anonymous)",
        options.address);
  }
  return tcp::endpoint(address, options.port);
}

// Null where there is nothing to encrypt with.
Result<std::shared_ptr<asio::ssl::context>> tls_of(const ServerOptions& options) {
  if (options.tls_certificate.empty() && options.tls_key.empty()) return nullptr;
  if (options.tls_certificate.empty() || options.tls_key.empty()) {
    return fail(ErrorCode::kInvalidArgument, "TLS needs a certificate and its key: the {} is not given",
                options.tls_certificate.empty() ? "certificate" : "key");
  }
  return make_tls_context(options.tls_certificate, options.tls_key);
}

// A model whose parts belong to somebody else.
class Lent final : public LoadedModel {
 public:
  explicit Lent(const api::ServedModel& model) : model_(model) {}
  const api::ServedModel& served() const override { return model_; }

 private:
  const api::ServedModel model_;
};

std::shared_ptr<ModelShelf> shelf_of(const api::ServedModel& model) {
  ShelfModel only{
      .name = model.name,
      .aliases = model.aliases,
      .load = [model]() -> Result<std::unique_ptr<LoadedModel>> { return std::make_unique<Lent>(model); }};
  only.stays = true;
  only.loaded = std::make_shared<Lent>(model);
  only.details = model.details;
  std::vector<ShelfModel> all;
  all.push_back(std::move(only));
  return std::make_shared<ModelShelf>(std::move(all));
}

}  // namespace

// The acceptor and the timers are used on the first thread only.
struct Server::State {
  State(ServerOptions options, std::shared_ptr<ModelShelf> shelf, const rewrite::Presets& presets)
      : hub(std::make_shared<Hub>(std::move(options), std::move(shelf), presets)),
        acceptor(hub->io.front()),
        accept_pause(hub->io.front()),
        stop_timer(hub->io.front()) {}

  Result<uint16_t> listen();
  void accept_next();
  void accept_later(std::string_view reason);
  void on_accept(error_code failed, tcp::socket socket);
  void welcome(tcp::socket socket);
  void begin_stop();
  void cancel_running();
  void close_all();
  void run_thread(asio::io_context& io);

  std::shared_ptr<Hub> hub;
  tcp::acceptor acceptor;
  asio::steady_timer accept_pause;
  asio::steady_timer stop_timer;
  std::mutex threads_mutex;
  std::vector<std::thread> threads;
  // Each thread stays until the server is told to stop and its connections are gone.
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> staying;
};

Result<uint16_t> Server::State::listen() {
  const ServerOptions& options = hub->options;
  const Result<tcp::endpoint> endpoint = endpoint_of(options);
  if (!endpoint) return pass_on(endpoint);
  auto tls = tls_of(options);
  if (!tls) return pass_on(tls);
  hub->tls = std::move(*tls);
  if (!hub->tls && !endpoint->address().is_loopback()) {
    spdlog::warn(
        "texts and keys cross the network in the clear: give a TLS certificate, or put a proxy in front");
  }
  error_code failed;
  acceptor.open(endpoint->protocol(), failed);
  if (!failed) acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
  if (!failed) acceptor.bind(*endpoint, failed);
  if (!failed) acceptor.listen(tcp::acceptor::max_listen_connections, failed);
  if (failed) return cannot_listen(options, failed);
  const uint16_t port = acceptor.local_endpoint(failed).port();
  if (failed) return cannot_listen(options, failed);
  return port;
}

void Server::State::accept_next() try {
  acceptor.async_accept(hub->next_io(), [this](error_code failed, tcp::socket socket) {
    on_accept(failed, std::move(socket));
  });
} catch (const std::exception& failed) {
  accept_later(failed.what());
}

void Server::State::accept_later(std::string_view reason) {
  spdlog::warn("cannot accept a connection: {}", reason);
  accept_pause.expires_after(kAcceptPause);
  accept_pause.async_wait([this](error_code cancelled) {
    if (!cancelled && acceptor.is_open()) accept_next();
  });
}

void Server::State::on_accept(error_code failed, tcp::socket socket) {
  if (!acceptor.is_open()) return;
  if (failed) return accept_later(failed.message());
  try {
    welcome(std::move(socket));
  } catch (const std::exception& error) {
    spdlog::warn("a connection was dropped: {}", error.what());
  }
  accept_next();
}

void Server::State::welcome(tcp::socket socket) {
  error_code ignored;
  if (hub->connections() >= hub->options.max_connections) {
    if (hub->tls) return;  // there is no word without a handshake
    const std::string text = to_http(
        error_reply({503, "server_error", "too many connections: try again later", "", "server_busy"}),
        {.keep_alive = false, .request_id = hub->next_id("req-")});
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(text), ignored);
    return;
  }
  socket.set_option(tcp::no_delay(true), ignored);  // a token must not wait for the next one
  const auto connection = std::make_shared<Connection>(hub, std::move(socket));
  hub->enter(connection);
  connection->run();
}

void Server::State::begin_stop() {
  if (hub->stopping()) return;
  error_code ignored;
  acceptor.close(ignored);
  accept_pause.cancel();
  staying.clear();
  hub->begin_stop([this] { asio::post(stop_timer.get_executor(), [this] { stop_timer.cancel(); }); });
  const auto connections = hub->all();
  if (connections.empty()) return;
  for (const auto& connection : connections) connection->close_if_idle();
  stop_timer.expires_after(hub->options.stop_grace);
  stop_timer.async_wait([this](error_code cancelled) {
    if (!cancelled) cancel_running();
  });
}

void Server::State::cancel_running() {
  for (const auto& connection : hub->all()) connection->cancel_answer();
  stop_timer.expires_after(kLastWords);
  stop_timer.async_wait([this](error_code cancelled) {
    if (!cancelled) close_all();
  });
}

void Server::State::close_all() {
  for (const auto& connection : hub->all()) connection->close_now();
}

void Server::State::run_thread(asio::io_context& io) {
  // A handler that throws ends its own connection at most (see Connection); the loop goes on.
  for (;;) {
    try {
      io.run();
      return;
    } catch (const std::exception& error) {
      spdlog::error("a connection was dropped: {}", error.what());
    }
  }
}

Server::Server(ServerOptions options, std::shared_ptr<ModelShelf> shelf, const rewrite::Presets& presets)
    : state_(std::make_unique<State>(std::move(options), std::move(shelf), presets)) {}

Server::Server(ServerOptions options, api::ServedModel model)
    : Server(std::move(options), shelf_of(model), model.presets) {}

Server::~Server() {
  stop();
  wait();
  state_->hub->drop_models();
}

Result<uint16_t> Server::start() try {
  Result<uint16_t> port = state_->listen();
  if (!port) return port;
  state_->accept_next();
  const std::lock_guard lock(state_->threads_mutex);
  for (asio::io_context& io : state_->hub->io) state_->staying.push_back(asio::make_work_guard(io));
  for (asio::io_context& io : state_->hub->io) {
    state_->threads.emplace_back([state = state_.get(), &io] { state->run_thread(io); });
  }
  return port;
} catch (const std::system_error& failed) {
  return fail(ErrorCode::kIo, "cannot start the server's threads: {}", failed.what());
}

void Server::wait() {
  const std::lock_guard lock(state_->threads_mutex);
  for (std::thread& thread : state_->threads) thread.join();
  state_->threads.clear();
  state_->hub->end_stop();
}

void Server::stop() {
  asio::post(state_->stop_timer.get_executor(), [state = state_.get()] { state->begin_stop(); });
}

}  // namespace riposte::server
