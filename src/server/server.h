// The HTTP server: listens, answers from its own threads, and stops without cutting anyone off who is quick.
#pragma once

#include <cstdint>
#include <memory>

#include "api/served_model.h"
#include "base/result.h"
#include "server/model_shelf.h"
#include "server/options.h"

namespace riposte::server {

class Server {
 public:
  // `presets` must outlive the server.
  Server(ServerOptions options, std::shared_ptr<ModelShelf> shelf,
         const rewrite::Presets& presets = rewrite::Presets::built_in());
  // One model that stays. What it refers to must outlive the server.
  Server(ServerOptions options, api::ServedModel model);
  // stop() and wait().
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens and returns the port. To be called once. Errors: kInvalidArgument (not an address; one that
  // others reach, without keys and without allow_anonymous), kIo (the port is in use, no permission, no such
  // address on this machine), those of make_tls_context.
  Result<uint16_t> start();
  // Returns when a stop has come to its end; at once if the server never started.
  void wait();
  // Thread-safe, returns at once (not for signal handlers). Accepts no one any more, closes idle connections,
  // lets running requests finish for `stop_grace`, then cancels them.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace riposte::server
