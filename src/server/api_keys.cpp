#include "server/api_keys.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "base/mapped_file.h"

namespace riposte::server {
namespace {

constexpr size_t kMaxNameBytes = 64;

Sha256 hash_of(std::string_view text) {
  Sha256 hash;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data());
  return hash;
}

// Printable ASCII without quotes: names stand in logs and in TOML.
bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNameBytes &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\'; });
}

std::optional<Sha256> parse_hash(std::string_view text) {
  Sha256 hash;
  if (text.size() != 2 * hash.size()) return std::nullopt;
  const auto digit = [](char c) {
    return std::string_view("0123456789abcdef").find(static_cast<char>(c | 0x20));
  };
  for (size_t i = 0; i < hash.size(); ++i) {
    const size_t high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    hash[i] = static_cast<unsigned char>(high << 4 | low);
  }
  return hash;
}

tl::unexpected<Error> refuse(const toml::node& where, std::string_view what) {
  return fail(ErrorCode::kInvalidArgument, "line {}, column {}: {}", where.source().begin.line,
              where.source().begin.column, what);
}

Result<void> read_limit(const toml::node& value, int& out) {
  const auto* number = value.as_integer();
  if (!number || number->get() < 0 || number->get() > std::numeric_limits<int>::max()) {
    return refuse(value, "expected a whole number, 0 for no limit");
  }
  out = static_cast<int>(number->get());
  return {};
}

Result<void> read_field(std::string_view field, const toml::node& value, ApiKey& key, bool& has_hash) {
  if (field == "requests_per_minute") return read_limit(value, key.limits.requests_per_minute);
  if (field == "concurrent") return read_limit(value, key.limits.concurrent);
  const auto* text = value.as_string();
  if (field == "name") {
    if (!text || !is_name(text->get())) {
      return refuse(value,
                    "name must be a text of 1 to 64 printable ASCII characters without spaces and quotes");
    }
    key.name = text->get();
    return {};
  }
  if (field == "sha256") {
    const auto hash = text ? parse_hash(text->get()) : std::nullopt;
    if (!hash) return refuse(value, "sha256 must be a text of 64 hexadecimal digits");
    key.hash = *hash;
    has_hash = true;
    return {};
  }
  return refuse(
      value,
      fmt::format("there is no field '{}'; known are name, sha256, requests_per_minute, concurrent", field));
}

Result<ApiKey> read_key(const toml::table& table, const KeyLimits& defaults) {
  ApiKey key;
  key.limits = defaults;
  bool has_hash = false;
  for (const auto& [field, value] : table) {
    if (const auto read = read_field(field.str(), value, key, has_hash); !read) return pass_on(read);
  }
  if (key.name.empty() || !has_hash) return refuse(table, "a [[key]] needs 'name' and 'sha256'");
  return key;
}

}  // namespace

uint64_t ApiKey::owner() const {
  uint64_t owner = 0;
  std::memcpy(&owner, hash.data(), sizeof owner);
  return std::max<uint64_t>(owner, 1);
}

Result<ApiKeys> ApiKeys::load(const std::filesystem::path& path, const KeyLimits& defaults) {
  const Result<MappedFile> file = MappedFile::open(path);
  if (!file) return pass_on(file);
  const auto bytes = file->bytes();
  Result<ApiKeys> keys = parse({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, defaults);
  if (!keys) return tl::unexpected<Error>(keys.error().within(path.string()));
  return keys;
}

Result<ApiKeys> ApiKeys::parse(std::string_view toml, const KeyLimits& defaults) try {
  const toml::table file = toml::parse(toml);
  ApiKeys keys;
  for (const auto& [name, value] : file) {
    if (name.str() != "key" || !value.is_array_of_tables()) {
      return refuse(value, fmt::format("expected [[key]] tables only, found '{}'", name.str()));
    }
    for (const toml::node& entry : *value.as_array()) {
      Result<ApiKey> key = read_key(*entry.as_table(), defaults);
      if (!key) return pass_on(key);
      for (const ApiKey& other : keys.keys_) {
        if (other.name == key->name)
          return refuse(entry, fmt::format("the name '{}' is there twice", key->name));
        if (other.hash == key->hash) {
          return refuse(entry, fmt::format("'{}' and '{}' have the same key", other.name, key->name));
        }
      }
      keys.keys_.push_back(std::move(*key));
    }
  }
  if (keys.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                "there is no [[key]] in it: 'riposte key new --name NAME' makes one");
  }
  return keys;
} catch (const toml::parse_error& error) {
  return fail(ErrorCode::kCorrupt, "line {}, column {}: {}", error.source().begin.line,
              error.source().begin.column, error.description());
}

const ApiKey* ApiKeys::find(std::string_view key) const {
  const Sha256 hash = hash_of(key);
  const ApiKey* found = nullptr;
  // All are compared, so that the time does not tell where in the list one is.
  for (const ApiKey& known : keys_) {
    if (CRYPTO_memcmp(known.hash.data(), hash.data(), hash.size()) == 0) found = &known;
  }
  return found;
}

Result<std::string> make_api_key() {
  std::array<unsigned char, 32> random;
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
    return fail(ErrorCode::kInternal, "the system gave no random bytes for a key");
  }
  std::string key = "riposte-";
  for (const unsigned char byte : random) key += fmt::format("{:02x}", byte);
  return key;
}

std::string api_key_entry(const std::string& name, std::string_view key, const KeyLimits& limits) {
  std::string entry = fmt::format("[[key]]\nname = \"{}\"\nsha256 = \"", name);
  for (const unsigned char byte : hash_of(key)) entry += fmt::format("{:02x}", byte);
  entry += "\"\n";
  if (limits.requests_per_minute > 0)
    entry += fmt::format("requests_per_minute = {}\n", limits.requests_per_minute);
  if (limits.concurrent > 0) entry += fmt::format("concurrent = {}\n", limits.concurrent);
  return entry;
}

}  // namespace riposte::server
