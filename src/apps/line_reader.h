// Lines of a file or of standard input, one by one, each as soon as it is there, none longer than a limit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"

namespace riposte::apps {

class LineReader {
 public:
  static constexpr size_t kMaxLineBytes = size_t{16} << 20;

  static LineReader standard_input();
  static Result<LineReader> open(const std::filesystem::path& path);  // kNotFound, kIo

  LineReader(LineReader&& other) noexcept;
  LineReader& operator=(LineReader&&) = delete;
  ~LineReader();

  // The next line without its end ("\n" or "\r\n"), or nothing at the end of input.
  // Errors: kTooLarge (the rest of that line is skipped, the next call goes on behind it), kIo.
  Result<std::optional<std::string>> next();
  uint64_t line_number() const { return line_number_; }  // of the line that came last, from 1

 private:
  explicit LineReader(int descriptor) : descriptor_(descriptor) {}
  Result<bool> fill();  // false at the end of input

  int descriptor_;
  std::string buffer_;  // read and not yet given out, from begin_ on
  size_t begin_ = 0;
  uint64_t line_number_ = 0;
};

}  // namespace riposte::apps
