// One client's socket: requests in, one after the other, answers out in the same order.
//
// Reading never stops while an answer is computed (up to a bound): that is how a client that leaves is
// noticed at once, and how pipelined requests wait their turn. All functions run on the connection's thread.
#pragma once

#include <spdlog/spdlog.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>

#include "server/access_log.h"
#include "server/client_socket.h"
#include "server/exchange.h"
#include "server/hub.h"
#include "server/rate_limit.h"
#include "server/reply.h"
#include "server/routes.h"

namespace riposte::server {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // The socket must have been made with one of hub->io.
  Connection(std::shared_ptr<Hub> hub, boost::asio::ip::tcp::socket socket);
  ~Connection();

  // These may be called from any thread.
  void run();
  void close_if_idle();
  // What is computed ends with an error that the client still gets; what is read is dropped.
  void cancel_answer();
  void close_now();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using Request = Parser::value_type;
  using error_code = boost::system::error_code;

  enum class State {
    kHandshake,  // of TLS
    kIdle,       // waiting for the first byte of a request
    kReading,    // a request has begun
    kBusy,       // an answer is computed or written
    kLingering,  // the last answer is out; what still comes is read and thrown away, so that no reset
                 // destroys it
    kClosed,
  };

  // Runs a handler; one that throws (no memory) ends this connection and nothing else.
  template <class Handler>
  void guarded(const Handler& handler) noexcept;

  void shake_hands();
  void read_more();
  void on_read(error_code failed, size_t bytes);
  void on_client_gone(error_code reason);
  void await_request();
  void advance_request();
  void send_continue_if_expected();
  void refuse_request(error_code failed);

  void handle_request();
  void answer(Reply reply);
  void answer_route(const Route& route, const Request& request);
  void answer_options(const Route& route, const Request& request);
  void start_exchange(const Route& route, const Request& request, const Visitor& visitor);
  void note(const Request& request);
  void log_answer(int status);
  void find_model(const Route& route, const std::string& body, const ExchangeSetup& setup);
  void begin_exchange(const Route& route, std::string_view body, const ExchangeSetup& setup,
                      ModelShelf::Handle model);
  void pump();

  void send(std::string text);
  void write_pending();
  void on_write(error_code failed);
  void on_answer_sent();

  // What is awaited now must come within this time; a second call takes the place of the first.
  void arm(std::chrono::milliseconds time);
  void disarm() { deadline_ = kNever; }
  void watch(std::chrono::steady_clock::time_point now);
  void on_timer();
  void on_deadline();
  void linger();
  void close();

  const std::shared_ptr<Hub> hub_;  // first: it must outlive the socket
  ClientSocket socket_;
  // The deadline changes several times in a request and hardly ever passes; to set a timer costs system
  // calls. So the timer only looks at it now and then, at the latest when it passes.
  static constexpr auto kNever = std::chrono::steady_clock::time_point::max();
  std::chrono::steady_clock::time_point deadline_ = kNever;
  boost::asio::steady_timer timer_;
  bool timer_is_set_ = false;
  State state_ = State::kIdle;

  std::array<char, 8192> read_area_;    // where a read in flight puts its bytes
  boost::beast::flat_buffer received_;  // read, not yet parsed
  bool read_in_flight_ = false;
  bool client_done_ = false;    // it has closed its sending half
  size_t discarded_bytes_ = 0;  // while lingering
  bool input_is_left_ = false;  // a request was refused before all of it was read
  std::optional<Parser> parser_;
  bool continue_sent_ = false;

  Framing framing_;                                                   // of the answer in work
  std::optional<std::chrono::steady_clock::time_point> received_at_;  // when all of its request was there
  std::optional<AccessEntry> entry_;  // of the log, until the request has ended
  RateLimit::Permit permit_;          // of a request that is computed
  std::unique_ptr<Exchange> exchange_;
  bool stream_begun_ = false;
  bool answer_complete_ = false;  // all of it is in pending_ or further

  std::string pending_;  // to be written next
  std::string in_flight_;
  bool write_in_flight_ = false;
};

template <class Handler>
void Connection::guarded(const Handler& handler) noexcept {
  try {
    handler();
  } catch (const std::exception& failed) {
    spdlog::error("a connection was dropped: {}", failed.what());
    close();
  }
}

}  // namespace riposte::server
