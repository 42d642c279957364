// SHA-256 (FIPS 180-4) of what is downloaded, by OpenSSL.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"

struct evp_md_ctx_st;

namespace riposte::apps {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(std::span<const std::byte> bytes);
  std::string hex() const;  // of all bytes so far; more may follow

 private:
  evp_md_ctx_st* context_;
};

// Adds the first `bytes` bytes of a file (all of them if it is shorter). `on_progress`, if set, hears of
// bytes done. Errors: kNotFound, kIo.
Result<uint64_t> hash_file(const std::filesystem::path& path, uint64_t bytes, Sha256& hash,
                           const std::function<void(uint64_t)>& on_progress = {});

}  // namespace riposte::apps
