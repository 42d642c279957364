#include "server/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <boost/asio/buffer.hpp>

#include "base/mapped_file.h"

namespace riposte::server {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

bool is_encrypted(std::string_view pem) {
  return pem.find("ENCRYPTED") != std::string_view::npos;
}

boost::asio::const_buffer buffer_of(std::string_view text) {
  return {text.data(), text.size()};
}

std::string_view text_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

}  // namespace

Result<std::shared_ptr<ssl::context>> make_tls_context(const std::string& certificate,
                                                       const std::string& key) try {
  const Result<MappedFile> certificate_file = MappedFile::open(certificate);
  if (!certificate_file) return tl::unexpected(certificate_file.error().within("the TLS certificate"));
  const Result<MappedFile> key_file = MappedFile::open(key);
  if (!key_file) return tl::unexpected(key_file.error().within("the key of the TLS certificate"));
  const std::string_view key_text = text_of(*key_file);
  if (is_encrypted(key_text)) {
    return fail(ErrorCode::kUnsupported,
                "{}: this key has a passphrase, which a service has nobody to ask for; take it off with "
                "'openssl pkey "
                "-in KEY -out NEW_KEY'",
                key);
  }

  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  error_code failed;
  context->set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1 |
                           ssl::context::no_compression,
                       failed);
  context->use_certificate_chain(buffer_of(text_of(*certificate_file)), failed);
  if (failed) {
    return fail(ErrorCode::kCorrupt, "{}: expected a certificate in PEM ('-----BEGIN CERTIFICATE-----'): {}",
                certificate, failed.message());
  }
  // Read first without the context, which would tell a key of another certificate and no key at all alike.
  BIO* memory = BIO_new_mem_buf(key_text.data(), static_cast<int>(key_text.size()));
  EVP_PKEY* parsed = memory ? PEM_read_bio_PrivateKey(memory, nullptr, nullptr, nullptr) : nullptr;
  BIO_free(memory);
  EVP_PKEY_free(parsed);
  if (!parsed) {
    ERR_clear_error();
    return fail(ErrorCode::kCorrupt, "{}: expected a private key in PEM ('-----BEGIN PRIVATE KEY-----')",
                key);
  }
  context->use_private_key(buffer_of(key_text), ssl::context::pem, failed);
  if (failed || SSL_CTX_check_private_key(context->native_handle()) != 1) {
    ERR_clear_error();
    return fail(ErrorCode::kInvalidArgument, "the key {} does not belong to the certificate {}", key,
                certificate);
  }
  return context;
} catch (const boost::system::system_error& failed) {
  return fail(ErrorCode::kInternal, "TLS cannot be set up: {}", failed.what());
}

}  // namespace riposte::server
