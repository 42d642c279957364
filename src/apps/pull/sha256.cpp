#include "apps/pull/sha256.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <vector>

#include "base/check.h"

namespace riposte::apps {

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  RIPOSTE_CHECK(context_ != nullptr && EVP_DigestInit_ex(context_, EVP_sha256(), nullptr) == 1);
}

Sha256::~Sha256() {
  EVP_MD_CTX_free(context_);
}

void Sha256::update(std::span<const std::byte> bytes) {
  RIPOSTE_CHECK(EVP_DigestUpdate(context_, bytes.data(), bytes.size()) == 1);
}

std::string Sha256::hex() const {
  std::array<unsigned char, 32> digest;
  EVP_MD_CTX* copy = EVP_MD_CTX_new();
  RIPOSTE_CHECK(copy != nullptr && EVP_MD_CTX_copy_ex(copy, context_) == 1 &&
                EVP_DigestFinal_ex(copy, digest.data(), nullptr) == 1);
  EVP_MD_CTX_free(copy);
  std::string text;
  for (unsigned char byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

Result<uint64_t> hash_file(const std::filesystem::path& path, uint64_t bytes, Sha256& hash,
                           const std::function<void(uint64_t)>& on_progress) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorCode::kNotFound, "{} cannot be opened", path.string());
  std::vector<char> buffer(size_t{1} << 20);
  uint64_t done = 0;
  while (done < bytes) {
    file.read(buffer.data(), static_cast<std::streamsize>(std::min<uint64_t>(buffer.size(), bytes - done)));
    const auto got = static_cast<size_t>(file.gcount());
    if (got == 0) break;
    hash.update(std::as_bytes(std::span(buffer.data(), got)));
    done += got;
    if (on_progress) on_progress(done);
  }
  if (file.bad()) return fail(ErrorCode::kIo, "{} cannot be read beyond byte {}", path.string(), done);
  return done;
}

}  // namespace riposte::apps
