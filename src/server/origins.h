// Pages of which other sites may use this server from a browser (Cross-Origin Resource Sharing,
// https://fetch.spec.whatwg.org/#http-cors-protocol), and protection of a server without keys from the
// others.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/reply.h"

namespace riposte::server {

class Origins {
 public:
  // `allowed`: as browsers write them, "https://example.org"; "*" is all. `keys`: the server asks for keys.
  Origins(std::vector<std::string> allowed, bool keys) : allowed_(std::move(allowed)), keys_(keys) {}

  // Whether a page of `origin` (the header's value, empty if there was none) may ask a server that it calls
  // `host`. Browsers send some requests of any page to any server without asking first. The server's own page
  // may; where there are no keys only if the server is called by a number or "localhost", since any other
  // name may have been made to point here by the owner of a site (DNS rebinding).
  bool may_ask(std::string_view origin, std::string_view host) const;

  // Lines of every answer to this origin; empty if it is not allowed.
  std::string headers(std::string_view origin) const;
  // The additional headers of the answer to a preflight request of an allowed origin. `requested_headers` is
  // the value of Access-Control-Request-Headers.
  void add_preflight(Reply& reply, std::string_view allowed_methods,
                     std::string_view requested_headers) const;

 private:
  bool is_allowed(std::string_view origin) const;

  const std::vector<std::string> allowed_;
  const bool keys_;
};

}  // namespace riposte::server
