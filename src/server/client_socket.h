// A client's socket, in the clear or under TLS: what Connection needs of either.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <utility>

namespace riposte::server {

// One read, one write and a shutdown may be under way at the same time. Everything runs on the thread of the socket's
// io_context.
class ClientSocket {
 public:
  using Tcp = boost::asio::ip::tcp::socket;

  // `tls`: null for a socket in the clear; else it must outlive this.
  ClientSocket(Tcp socket, boost::asio::ssl::context* tls) : tcp_(std::move(socket)) {
    if (tls) tls_ = std::make_unique<Tls>(tcp_, *tls);
  }

  bool encrypted() const { return tls_ != nullptr; }
  Tcp::executor_type get_executor() { return tcp_.get_executor(); }

  // Only if encrypted().
  template <class Handler>
  void async_handshake(Handler&& handler) {
    tls_->async_handshake(boost::asio::ssl::stream_base::server, std::forward<Handler>(handler));
  }
  template <class Handler>
  void async_read_some(boost::asio::mutable_buffer into, Handler&& handler) {
    if (tls_) {
      tls_->async_read_some(into, std::forward<Handler>(handler));
    } else {
      tcp_.async_read_some(into, std::forward<Handler>(handler));
    }
  }
  template <class Handler>
  void async_write(boost::asio::const_buffer bytes, Handler&& handler) {
    if (tls_) {
      boost::asio::async_write(*tls_, bytes, std::forward<Handler>(handler));
    } else {
      boost::asio::async_write(tcp_, bytes, std::forward<Handler>(handler));
    }
  }
  // Tells the client that nothing more will come. Under TLS `sent` is called when that has been said.
  template <class Handler>
  void end_sending(Handler&& sent) {
    boost::system::error_code ignored;
    if (tls_) {
      tls_->async_shutdown(std::forward<Handler>(sent));
    } else {
      tcp_.shutdown(Tcp::shutdown_send, ignored);
    }
  }
  void close() {
    boost::system::error_code ignored;
    tcp_.close(ignored);
  }

 private:
  using Tls = boost::asio::ssl::stream<Tcp&>;
  Tcp tcp_;
  std::unique_ptr<Tls> tls_;
};

}  // namespace riposte::server
