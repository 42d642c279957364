#include "gguf/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace riposte::gguf {
namespace {

// A folder keeps its list of names until it is flushed itself; a failure here loses nothing that was
// promised.
void flush_folder(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

Result<OutputFile> OutputFile::create(const std::filesystem::path& path) {
  constexpr int kAttempts = 100;  // names that other writers of the same file may hold
  OutputFile file;
  file.path_ = path;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const std::string temporary = fmt::format("{}.{}-{}.partial", path.string(), ::getpid(), attempt);
    file.descriptor_ = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file.descriptor_ >= 0) {
      file.temporary_ = temporary;
      return file;
    }
    if (errno != EEXIST) break;
  }
  return fail(ErrorCode::kIo, "cannot create a file beside '{}': {}", path.string(), std::strerror(errno));
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})) {}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  std::swap(temporary_, other.temporary_);
  return *this;
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<void> OutputFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    // Linux writes at most 2 GiB at a time.
    const ssize_t written = ::write(descriptor_, bytes.data(), std::min<size_t>(bytes.size(), 1u << 30));
    if (written < 0) {
      if (errno == EINTR) continue;
      return fail(ErrorCode::kIo, "cannot write '{}': {}", path_.string(), std::strerror(errno));
    }
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return {};
}

Result<void> OutputFile::commit() {
  if (::fsync(descriptor_) != 0) {
    return fail(ErrorCode::kIo, "cannot write '{}' to the disk: {}", path_.string(), std::strerror(errno));
  }
  if (::close(std::exchange(descriptor_, -1)) != 0) {
    return fail(ErrorCode::kIo, "cannot close '{}': {}", path_.string(), std::strerror(errno));
  }
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    return fail(ErrorCode::kIo, "cannot put the finished file at '{}': {}", path_.string(),
                std::strerror(errno));
  }
  temporary_.clear();
  flush_folder(path_.parent_path());
  return {};
}

}  // namespace riposte::gguf
