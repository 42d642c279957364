#include "kvcache/snapshot.h"

#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <system_error>
#include <type_traits>

namespace riposte::kvcache {
namespace {

static_assert(std::endian::native == std::endian::little, "the file's numbers are little endian");

constexpr std::string_view kMagic = "RIPOSTKV";
constexpr uint32_t kVersion = 1;
constexpr uint32_t kMostEntries = 65536;
constexpr uint32_t kMostTokens = 1 << 20;

size_t pages_of(size_t tokens, int32_t page_size) {
  const auto size = static_cast<size_t>(page_size);
  return (tokens + size - 1) / size;
}

// Takes values off the front; after the first one that is not there nothing is taken any more.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : rest_(bytes) {}

  template <class T>
  T number() {
    static_assert(std::is_integral_v<T>);
    T value = 0;
    const auto bytes = take(sizeof value);
    if (!bytes.empty()) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  // Empty if there are not so many left.
  std::span<const std::byte> take(size_t count) {
    if (failed_ || count > rest_.size()) {
      failed_ = true;
      return {};
    }
    const auto taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }
  bool failed() const { return failed_; }
  bool at_end() const { return !failed_ && rest_.empty(); }

 private:
  std::span<const std::byte> rest_;
  bool failed_ = false;
};

Result<std::vector<std::byte>> read_file(const std::filesystem::path& path, uint64_t most_bytes) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error))
    return fail(ErrorCode::kNotFound, "there is no file '{}'", path.string());
  const uint64_t size = std::filesystem::file_size(path, error);
  if (error) return fail(ErrorCode::kIo, "cannot read '{}': {}", path.string(), error.message());
  if (size > most_bytes) {
    return fail(ErrorCode::kTooLarge, "'{}' has {} bytes, at most {} are expected", path.string(), size,
                most_bytes);
  }
  std::vector<std::byte> bytes(size);
  std::ifstream file(path, std::ios::binary);
  if (!file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size)))
    return fail(ErrorCode::kIo, "cannot read '{}'", path.string());
  return bytes;
}

struct HashDeleter {
  void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
};

// A file that exists under its name only when all of it is on the disk.
class NewFile {
 public:
  explicit NewFile(const std::filesystem::path& path) : path_(path), part_(path) {
    part_ += ".part." + std::to_string(getpid());  // two processes may write at once
    std::error_code ignored;
    std::filesystem::create_directories(path.parent_path(), ignored);
    descriptor_ = ::open(part_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    note(descriptor_ >= 0);
    if (hash_ == nullptr || XXH3_64bits_reset(hash_.get()) != XXH_OK) error_ = ENOMEM;
  }
  ~NewFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!kept_) ::unlink(part_.c_str());
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  void write(const void* data, size_t count) {
    if (error_ != 0) return;
    XXH3_64bits_update(hash_.get(), data, count);
    for (const char* rest = static_cast<const char*>(data); count > 0 && error_ == 0;) {
      const ssize_t written = ::write(descriptor_, rest, count);
      if (written < 0 && errno == EINTR) continue;
      if (!note(written > 0)) return;
      rest += written;
      count -= static_cast<size_t>(written);
    }
  }
  template <class T>
  void number(T value) {
    write(&value, sizeof value);
  }
  Result<void> finish() {
    if (error_ == 0) number(XXH3_64bits_digest(hash_.get()));
    if (error_ == 0) note(::fsync(descriptor_) == 0);
    if (error_ == 0) kept_ = note(::rename(part_.c_str(), path_.c_str()) == 0);
    if (error_ == 0) return {};
    return fail(ErrorCode::kIo, "cannot write '{}': {}", path_.string(), std::strerror(error_));
  }

 private:
  bool note(bool succeeded) {
    if (!succeeded && error_ == 0) error_ = errno != 0 ? errno : EIO;
    return succeeded;
  }

  std::filesystem::path path_;
  std::filesystem::path part_;
  int descriptor_ = -1;
  int error_ = 0;
  bool kept_ = false;
  std::unique_ptr<XXH3_state_t, HashDeleter> hash_{XXH3_createState()};
};

}  // namespace

Result<std::vector<SnapshotEntry>> read_snapshot(const std::filesystem::path& path, const SnapshotKey& key,
                                                 uint64_t most_bytes) {
  const auto bytes = read_file(path, most_bytes);
  if (!bytes) return pass_on(bytes);
  const auto corrupt = [&path](const char* what) {
    return fail(ErrorCode::kCorrupt, "'{}' is no whole snapshot of KV memory: {}", path.string(), what);
  };
  uint64_t checksum = 0;
  if (bytes->size() < kMagic.size() + sizeof checksum) return corrupt("it is too short");
  const auto content = std::span(*bytes).first(bytes->size() - sizeof checksum);
  if (std::memcmp(content.data(), kMagic.data(), kMagic.size()) != 0) return corrupt("it begins otherwise");
  std::memcpy(&checksum, bytes->data() + content.size(), sizeof checksum);
  if (XXH3_64bits(content.data(), content.size()) != checksum) return corrupt("its checksum does not match");

  Reader reader(content.subspan(kMagic.size()));
  const bool this_version = reader.number<uint32_t>() == kVersion;
  const bool these_pages = reader.number<uint32_t>() == static_cast<uint32_t>(key.page_size) &&
                           reader.number<uint64_t>() == key.page_bytes;
  if (!this_version || !these_pages) {
    return fail(ErrorCode::kUnsupported, "'{}' is of another version or another shape of pages",
                path.string());
  }
  const auto key_length = reader.number<uint32_t>();
  const auto count = reader.number<uint32_t>();
  const auto numbers = reader.take(key_length);
  if (reader.failed() || count > kMostEntries) return corrupt("its beginning makes no sense");
  if (numbers.size() != key.numbers.size() ||
      std::memcmp(numbers.data(), key.numbers.data(), numbers.size()) != 0) {
    return fail(ErrorCode::kUnsupported, "'{}' is of another model or another version of it", path.string());
  }
  std::vector<SnapshotEntry> entries;
  for (uint32_t i = 0; i < count; ++i) {
    const auto tokens = reader.number<uint32_t>();
    if (tokens == 0 || tokens > kMostTokens) return corrupt("an entry makes no sense");
    const auto ids = reader.take(tokens * sizeof(TokenId));
    const auto pages = reader.take(pages_of(tokens, key.page_size) * key.page_bytes);
    if (reader.failed()) return corrupt("an entry is cut");
    SnapshotEntry& entry = entries.emplace_back();
    entry.tokens.resize(tokens);
    std::memcpy(entry.tokens.data(), ids.data(), ids.size());
    entry.pages.assign(pages.begin(), pages.end());
  }
  if (!reader.at_end()) return corrupt("something follows its end");
  return entries;
}

Result<void> write_snapshot(const std::filesystem::path& path, const SnapshotKey& key,
                            std::span<const SnapshotEntry> entries) {
  NewFile file(path);
  file.write(kMagic.data(), kMagic.size());
  file.number(kVersion);
  file.number(static_cast<uint32_t>(key.page_size));
  file.number(key.page_bytes);
  file.number(static_cast<uint32_t>(key.numbers.size()));
  file.number(static_cast<uint32_t>(entries.size()));
  file.write(key.numbers.data(), key.numbers.size());
  for (const SnapshotEntry& entry : entries) {
    file.number(static_cast<uint32_t>(entry.tokens.size()));
    file.write(entry.tokens.data(), entry.tokens.size() * sizeof(TokenId));
    file.write(entry.pages.data(), entry.pages.size());
  }
  return file.finish();
}

}  // namespace riposte::kvcache
