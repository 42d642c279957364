// The certificate of a server, and what it is ready to speak (TLS 1.2 and 1.3).
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "base/result.h"

namespace riposte::server {

// Both files in PEM; `certificate` with the chain up to the authority, the server's own first. Errors:
// kNotFound or kIo (a file cannot be read), kCorrupt (it holds no certificate or key), kUnsupported (a key
// with a passphrase), kInvalidArgument (the key is not that of the certificate).
Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(const std::string& certificate,
                                                                    const std::string& key);

}  // namespace riposte::server
