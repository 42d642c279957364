#include "server/connection.h"

#include <algorithm>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <string_view>
#include <utility>

namespace riposte::server {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

using boost::system::error_code;

constexpr size_t kMaxWaitingBytes = 64 << 10;    // of later requests, while an answer is computed
constexpr size_t kMaxDiscardedBytes = 64 << 20;  // while lingering
constexpr std::chrono::milliseconds kLinger{2000};
constexpr int kClientLeft = 499;  // in the log: as other servers write it

std::string_view view_of(const boost::beast::flat_buffer& buffer) {
  const auto bytes = buffer.cdata();
  return {static_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

Connection::Connection(std::shared_ptr<Hub> hub, asio::ip::tcp::socket socket)
    : hub_(std::move(hub)), socket_(std::move(socket), hub_->tls.get()), timer_(socket_.get_executor()) {}

Connection::~Connection() {
  hub_->leave(this);
}

void Connection::run() {
  asio::post(socket_.get_executor(),
             [self = shared_from_this()] { self->guarded([&] { self->shake_hands(); }); });
}

void Connection::shake_hands() {
  if (!socket_.encrypted()) return await_request();
  state_ = State::kHandshake;
  arm(hub_->options.read_timeout);
  socket_.async_handshake([self = shared_from_this()](error_code failed) {
    if (self->state_ == State::kClosed) return;
    self->guarded([&] { failed ? self->close() : self->await_request(); });
  });
}

void Connection::close_if_idle() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (self->state_ == State::kIdle) self->close();
  });
}

void Connection::cancel_answer() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (self->exchange_) {
      self->exchange_->cancel();
    } else if (self->state_ != State::kBusy) {
      self->close();
    }
  });
}

void Connection::close_now() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] { self->close(); });
}

// ---- Reading ----

void Connection::read_more() {
  if (read_in_flight_ || client_done_ || state_ == State::kClosed) return;
  if (state_ == State::kBusy && received_.size() >= kMaxWaitingBytes) return;
  read_in_flight_ = true;
  socket_.async_read_some(asio::buffer(read_area_),
                          [self = shared_from_this()](error_code failed, size_t bytes) {
                            self->guarded([&] { self->on_read(failed, bytes); });
                          });
}

void Connection::on_read(error_code failed, size_t bytes) {
  read_in_flight_ = false;
  if (state_ == State::kClosed) return;
  if (failed) return on_client_gone(failed);
  asio::buffer_copy(received_.prepare(bytes), asio::buffer(read_area_, bytes));
  received_.commit(bytes);
  switch (state_) {
    case State::kIdle:
    case State::kReading:
      return advance_request();
    case State::kLingering:
      discarded_bytes_ += bytes;
      received_.consume(received_.size());
      if (discarded_bytes_ > kMaxDiscardedBytes) return close();
      return read_more();
    case State::kBusy:
      return read_more();
    case State::kHandshake:
    case State::kClosed:
      return;
  }
}

void Connection::on_client_gone(error_code reason) {
  client_done_ = true;
  // A client that has sent all it wanted and closed its half may still read an answer that is ready; one that
  // is still being computed is not worth finishing for someone who, far more likely, has left.
  const bool answer_is_ready = state_ == State::kBusy && answer_complete_;
  if (reason != asio::error::eof || !answer_is_ready) close();
}

void Connection::await_request() {
  parser_.reset();
  received_at_.reset();
  state_ = State::kIdle;
  if (hub_->stopping()) return close();
  arm(hub_->options.idle_timeout);
  advance_request();
}

void Connection::advance_request() {
  if (!parser_) {
    // Empty lines before a request are to be ignored (RFC 9112, 2.2).
    while (view_of(received_).starts_with("\r\n")) received_.consume(2);
    const std::string_view waiting = view_of(received_);
    if (waiting.empty() || waiting == "\r") return client_done_ ? close() : read_more();
    parser_.emplace();
    parser_->eager(true);
    parser_->header_limit(hub_->options.max_header_bytes);
    parser_->body_limit(hub_->options.max_body_bytes);
    continue_sent_ = false;
    state_ = State::kReading;
    arm(hub_->options.read_timeout);
  }
  while (!parser_->is_done()) {
    error_code failed;
    const size_t used = parser_->put(received_.cdata(), failed);
    received_.consume(used);
    if (failed && failed != http::error::need_more) return refuse_request(failed);
    if (parser_->is_done()) break;
    if (failed == http::error::need_more || used == 0 || received_.size() == 0) {
      if (client_done_) return close();
      // Only a line of a chunked body can be as long as this and still incomplete.
      if (received_.size() > hub_->options.max_header_bytes) return refuse_request(http::error::header_limit);
      send_continue_if_expected();
      return read_more();
    }
  }
  handle_request();
  read_more();  // behind what the client waits for: to look in vain costs a system call
}

void Connection::send_continue_if_expected() {
  if (!parser_->is_header_done() || continue_sent_) return;
  const auto& fields = parser_->get();
  if (fields.version() < 11 || !boost::beast::iequals(fields[http::field::expect], "100-continue")) return;
  continue_sent_ = true;
  send("HTTP/1.1 100 Continue\r\n\r\n");
}

void Connection::refuse_request(error_code failed) {
  input_is_left_ = true;
  framing_ = {.keep_alive = false, .request_id = hub_->next_id("req-")};
  if (failed == http::error::body_limit) {
    return answer(
        error_reply({413, "invalid_request_error",
                     "the body is longer than " + std::to_string(hub_->options.max_body_bytes) + " bytes", "",
                     "request_too_large"}));
  }
  if (failed == http::error::header_limit) {
    return answer(error_reply(
        {431, "invalid_request_error",
         "the headers are longer than " + std::to_string(hub_->options.max_header_bytes) + " bytes", "",
         "headers_too_large"}));
  }
  answer(error_reply({400, "invalid_request_error", "this is not an HTTP/1.1 request: " + failed.message(),
                      "", "bad_http"}));
}

// ---- Answering ----

void Connection::pump() {
  if (!exchange_ || state_ != State::kBusy) return;
  if (stream_begun_ && exchange_->lost()) return close();
  if (write_in_flight_) return;
  Exchange::Next next = exchange_->next();
  if (next.whole) {
    next.whole->timing = std::move(next.timing);
    const std::unique_ptr<Exchange> done = std::move(exchange_);  // it ends when the answer is out
    return answer(std::move(*next.whole));
  }
  if (next.events.empty()) return;
  if (next.broken) framing_.keep_alive = false;
  std::string text;
  if (!std::exchange(stream_begun_, true)) {
    text = stream_head(exchange_->stream_kind(), next.timing, framing_);
    hub_->metrics.answered(200);
    if (entry_) entry_->status = 200;
  }
  text += stream_piece(next.events, framing_);
  if (next.finished) {
    text += stream_end(next.final_timing, framing_);
    answer_complete_ = true;
    exchange_.reset();
  }
  send(std::move(text));
}

void Connection::answer(Reply reply) {
  // A request that was refused before it was whole has no time to tell.
  if (reply.timing.empty() && received_at_) reply.timing = ExchangeClock(*received_at_).whole();
  state_ = State::kBusy;
  answer_complete_ = true;
  hub_->metrics.answered(reply.status);
  if (entry_) entry_->status = reply.status;
  send(to_http(reply, framing_));
}

void Connection::send(std::string text) {
  pending_ += text;
  write_pending();
}

void Connection::write_pending() {
  if (write_in_flight_ || pending_.empty() || state_ == State::kClosed) return;
  write_in_flight_ = true;
  in_flight_.swap(pending_);
  if (state_ == State::kBusy) arm(hub_->options.write_timeout);
  if (entry_) entry_->sent_bytes += in_flight_.size();
  socket_.async_write(asio::buffer(in_flight_), [self = shared_from_this()](error_code failed, size_t) {
    self->guarded([&] { self->on_write(failed); });
  });
}

void Connection::on_write(error_code failed) {
  write_in_flight_ = false;
  in_flight_.clear();
  if (state_ == State::kClosed) return;
  if (failed) return close();
  if (!pending_.empty()) return write_pending();
  if (state_ != State::kBusy) return;  // it was "100 Continue"
  disarm();
  if (answer_complete_) return on_answer_sent();
  pump();
}

void Connection::on_answer_sent() {
  answer_complete_ = false;
  stream_begun_ = false;
  permit_ = {};
  log_answer(entry_ ? entry_->status : 0);
  if (framing_.keep_alive && !hub_->stopping()) return await_request();
  // To close a socket with unread bytes would send a reset, which may overtake the answer.
  if (input_is_left_ || received_.size() > 0 || socket_.encrypted()) return linger();
  close();
}

// ---- Ending ----

void Connection::arm(std::chrono::milliseconds time) {
  const auto now = std::chrono::steady_clock::now();
  deadline_ = now + time;
  if (!timer_is_set_ || deadline_ < timer_.expiry()) watch(now);
}

// Looks again after the shortest of the usual times, so that the next deadlines lie behind that and need no other timer.
void Connection::watch(std::chrono::steady_clock::time_point now) {
  const ServerOptions& options = hub_->options;
  const auto shortest = std::min({options.idle_timeout, options.read_timeout, options.write_timeout});
  timer_is_set_ = true;
  timer_.expires_at(std::min(deadline_, now + shortest));
  timer_.async_wait([weak = weak_from_this()](error_code cancelled) {
    const auto self = weak.lock();
    if (self && !cancelled) self->guarded([&] { self->on_timer(); });
  });
}

void Connection::on_timer() {
  const auto now = std::chrono::steady_clock::now();
  if (now < timer_.expiry()) return;  // it was on its way when the timer was set anew
  timer_is_set_ = false;
  if (deadline_ <= now) {
    disarm();
    on_deadline();
  } else if (deadline_ != kNever) {
    watch(now);
  }
}

void Connection::on_deadline() {
  if (state_ != State::kReading) return close();
  input_is_left_ = true;
  framing_ = {.keep_alive = false, .request_id = hub_->next_id("req-")};
  answer(error_reply(
      {408, "invalid_request_error", "the request did not arrive in time", "", "request_timeout"}));
}

void Connection::linger() {
  if (client_done_) return close();
  state_ = State::kLingering;
  socket_.end_sending([self = shared_from_this()](error_code) {
    // A client that had nothing more to send is done with it now.
    if (!self->input_is_left_) self->guarded([&] { self->close(); });
  });
  received_.consume(received_.size());
  arm(kLinger);
  read_more();
}

void Connection::close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  exchange_.reset();
  permit_ = {};
  log_answer(kClientLeft);
  disarm();
  timer_.cancel();
  socket_.close();
}

}  // namespace riposte::server
