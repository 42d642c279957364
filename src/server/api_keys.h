// Who may use a server: keys, of which nobody keeps more than a hash.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace riposte::server {

using Sha256 = std::array<unsigned char, 32>;

// What one key may ask for. 0: no limit.
struct KeyLimits {
  int requests_per_minute = 0;  // that compute something; all of a minute's may come at once
  int concurrent = 0;           // requests at the same time
};

struct ApiKey {
  std::string name;  // for logs and for the people who keep the file
  Sha256
      hash{};  // of the key. A key is 256 random bits: no salt and no slow hash could make it harder to guess
  KeyLimits limits;

  // Whose answers are whose (Request::owner): the same after a restart and on other servers, and never 0,
  // which is everybody.
  uint64_t owner() const;
};

// The keys of a file:
//   [[key]]
//   name = "editor"
//   sha256 = "64 hexadecimal digits"   # printf %s KEY | sha256sum
//   requests_per_minute = 600          # optional, as in KeyLimits
//   concurrent = 4                     # optional
class ApiKeys {
 public:
  // No keys: everybody may ask.
  ApiKeys() = default;

  // `defaults` are the limits of keys that name none. Errors: those of opening a file, kCorrupt (not TOML),
  // kInvalidArgument (no keys, an unknown or wrong field, a name or a hash that is there twice), with the
  // line.
  static Result<ApiKeys> load(const std::filesystem::path& path, const KeyLimits& defaults = {});
  static Result<ApiKeys> parse(std::string_view toml, const KeyLimits& defaults = {});

  // The key with this text, or null. Takes equally long for every text of a length.
  const ApiKey* find(std::string_view key) const;
  const std::vector<ApiKey>& all() const { return keys_; }
  bool empty() const { return keys_.empty(); }

 private:
  std::vector<ApiKey> keys_;
};

// A new key of 256 bits from the system's generator. Errors: kInternal (it has none to give).
Result<std::string> make_api_key();
// The entry for the file of keys.
std::string api_key_entry(const std::string& name, std::string_view key, const KeyLimits& limits);

}  // namespace riposte::server
