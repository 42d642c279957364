#include "apps/line_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace riposte::apps {
namespace {
constexpr size_t kReadBytes = size_t{64} << 10;
}

LineReader LineReader::standard_input() {
  return LineReader(STDIN_FILENO);
}

Result<LineReader> LineReader::open(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return fail(errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo, "{} cannot be read: {}",
                path.string(), std::strerror(errno));
  }
  return LineReader(descriptor);
}

LineReader::LineReader(LineReader&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      buffer_(std::move(other.buffer_)),
      begin_(other.begin_),
      line_number_(other.line_number_) {}

LineReader::~LineReader() {
  if (descriptor_ > STDERR_FILENO) ::close(descriptor_);
}

Result<bool> LineReader::fill() {
  if (begin_ > 0) {
    buffer_.erase(0, begin_);
    begin_ = 0;
  }
  const size_t had = buffer_.size();
  buffer_.resize(had + kReadBytes);
  ssize_t got;
  do {
    got = ::read(descriptor_, buffer_.data() + had, kReadBytes);
  } while (got < 0 && errno == EINTR);
  const int number = errno;
  buffer_.resize(had + (got > 0 ? static_cast<size_t>(got) : 0));
  if (got < 0) return fail(ErrorCode::kIo, "the input cannot be read: {}", std::strerror(number));
  return got > 0;
}

Result<std::optional<std::string>> LineReader::next() {
  bool too_long = false;
  size_t searched = begin_;
  for (;;) {
    const size_t end = buffer_.find('\n', searched);
    const size_t length = (end == std::string::npos ? buffer_.size() : end) - begin_;
    too_long |= length > kMaxLineBytes;
    if (end == std::string::npos) {
      if (too_long) begin_ = buffer_.size();  // dropped as it comes
      searched = buffer_.size() - begin_;     // fill() moves begin_ to 0
      auto more = fill();
      if (!more) return pass_on(more);
      if (*more) continue;
      if (buffer_.empty() && !too_long) return std::optional<std::string>();
    }
    ++line_number_;
    const size_t stop = end == std::string::npos ? buffer_.size() : end;
    std::string line = buffer_.substr(begin_, stop - begin_);
    begin_ = end == std::string::npos ? stop : end + 1;
    if (too_long) {
      return fail(ErrorCode::kTooLarge, "line {} is longer than {} MiB", line_number_, kMaxLineBytes >> 20);
    }
    if (!line.empty() && line.back() == '\r') line.pop_back();
    return std::optional<std::string>(std::move(line));
  }
}

}  // namespace riposte::apps
