#include "apps/pull/part_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

namespace riposte::apps {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

tl::unexpected<Error> system_error(const fs::path& path, std::string_view what, int number) {
  if (number == ENOSPC || number == EDQUOT || number == EFBIG) {
    return fail(ErrorCode::kIo,
                "{}: no room left on this disk ({}); make room and run the same command again", path.string(),
                std::strerror(number));
  }
  return fail(ErrorCode::kIo, "{} cannot be {}: {}", path.string(), what, std::strerror(number));
}

uint64_t number_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(json::string_view(key.data(), key.size()));
  if (value == nullptr || !value->is_int64() || value->as_int64() < 0) return 0;
  return static_cast<uint64_t>(value->as_int64());
}

std::string string_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(json::string_view(key.data(), key.size()));
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

}  // namespace

PartFile::PartFile(fs::path target, fs::path path, int file, uint64_t size)
    : target_(std::move(target)), path_(std::move(path)), file_(file), size_(size) {}

PartFile::PartFile(PartFile&& other) noexcept
    : target_(std::move(other.target_)),
      path_(std::move(other.path_)),
      file_(std::exchange(other.file_, -1)),
      size_(other.size_) {}

PartFile::~PartFile() {
  if (file_ >= 0) ::close(file_);
}

Result<PartFile> PartFile::open(const fs::path& target) {
  fs::path path = target;
  path += ".part";
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) return system_error(path, "written", errno);
  PartFile part(target, path, file, 0);
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorCode::kBusy, "{} is being written by another process; wait for it to end",
                path.string());
  }
  struct stat status, named;
  if (::fstat(file, &status) != 0) return system_error(path, "read", errno);
  // Between open and lock another process may have made a whole model of this very file.
  if (::stat(path.c_str(), &named) != 0 || named.st_ino != status.st_ino) {
    return fail(ErrorCode::kBusy, "{} was finished by another process just now; run the same command again",
                path.string());
  }
  part.size_ = static_cast<uint64_t>(status.st_size);
  return part;
}

fs::path PartFile::state_path() const {
  fs::path path = path_;
  path += ".json";
  return path;
}

PartState PartFile::load_state() const {
  std::ifstream file(state_path(), std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  json::error_code error;
  const json::value value = json::parse(text, error);
  PartState state;
  if (error || !value.is_object()) return state;
  const json::object& object = value.as_object();
  state.source = string_of(object, "source");
  state.etag = string_of(object, "etag");
  state.parts = number_of(object, "parts");
  state.bytes = number_of(object, "bytes");
  state.sha256 = string_of(object, "sha256");
  return state;
}

Result<void> PartFile::save_state(const PartState& state) const {
  const json::object object{{"source", state.source},
                            {"etag", state.etag},
                            {"parts", state.parts},
                            {"bytes", state.bytes},
                            {"sha256", state.sha256}};
  const fs::path path = state_path();
  fs::path fresh = path;
  fresh += ".new";
  {
    std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
    file << json::serialize(object) << '\n';
    file.close();
    if (!file) return system_error(fresh, "written", errno);
  }
  std::error_code error;
  fs::rename(fresh, path, error);
  if (error) return system_error(path, "written", error.value());
  return {};
}

Result<void> PartFile::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return system_error(path_, "written", written < 0 ? errno : ENOSPC);
    size_ += static_cast<uint64_t>(written);
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return {};
}

Result<void> PartFile::truncate(uint64_t bytes) {
  if (::ftruncate(file_, static_cast<off_t>(bytes)) != 0) return system_error(path_, "shortened", errno);
  size_ = bytes;
  return {};
}

Result<void> PartFile::commit() {
  if (::fsync(file_) != 0) return system_error(path_, "written", errno);
  if (::rename(path_.c_str(), target_.c_str()) != 0) return system_error(target_, "written", errno);
  std::error_code ignored;
  fs::remove(state_path(), ignored);
  return {};
}

Result<void> PartFile::empty() {
  std::error_code ignored;
  fs::remove(state_path(), ignored);
  return truncate(0);
}

void PartFile::remove() {
  std::error_code ignored;
  fs::remove(state_path(), ignored);
  fs::remove(path_, ignored);
}

}  // namespace riposte::apps
