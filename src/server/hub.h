// What all connections of a server share. It lives until the last of them has gone.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/models.h"
#include "server/access_log.h"
#include "server/exchange.h"
#include "server/gatekeeper.h"
#include "server/metrics.h"
#include "server/model_shelf.h"
#include "server/options.h"
#include "server/origins.h"

namespace riposte::server {

class Connection;

class Hub {
 public:
  Hub(ServerOptions options, std::shared_ptr<ModelShelf> shelf, const rewrite::Presets& presets);

  const ServerOptions options;
  std::shared_ptr<ModelShelf> shelf;  // until drop_models()
  const rewrite::Presets& presets;
  Metrics metrics;
  Gatekeeper gatekeeper;
  const Origins origins;
  const AccessLog access_log;
  std::shared_ptr<boost::asio::ssl::context> tls;  // null: in the clear; set before the first connection
  const Services services;                         // of exchanges
  // One for each thread. A connection belongs to one of them, so that its handlers never run at the same time, and what
  // happens to it wakes its own thread and no other.
  std::deque<boost::asio::io_context> io;
  boost::asio::io_context& next_io() { return io[io_count_++ % io.size()]; }  // for a new connection

  // Thread-safe from here on.
  uint64_t next_random();                          // no two alike; for seeds and ids, not for secrets
  std::string next_id(const std::string& prefix);  // "chatcmpl-" and 24 hexadecimal digits
  bool stopping() const { return stopping_; }
  // From here on, `when_empty` is called each time the last connection has gone.
  void begin_stop(std::function<void()> when_empty);
  void end_stop();  // when_empty is not called any more
  // When no thread serves any more. What engines still hold of the hub must not be what ends them.
  void drop_models() { shelf.reset(); }

  void enter(const std::shared_ptr<Connection>& connection);
  void leave(const Connection* connection);
  size_t connections() const;
  std::string metrics_text();
  api::Models models() const;  // as they are at this moment
  std::vector<std::shared_ptr<Connection>> all() const;

 private:
  const uint64_t random_base_;
  std::atomic<uint64_t> random_count_{0};
  std::atomic<size_t> io_count_{0};
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::unordered_map<const Connection*, std::weak_ptr<Connection>> connections_;
  std::function<void()> when_empty_;
  std::mutex metrics_mutex_;
};

}  // namespace riposte::server
