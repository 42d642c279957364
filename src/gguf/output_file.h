// A file that appears under its name only when it is complete: written beside it, flushed to the disk, then
// renamed.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "base/result.h"

namespace riposte::gguf {

class OutputFile {
 public:
  // Creates a temporary file in the folder of `path`. Errors: kIo.
  static Result<OutputFile> create(const std::filesystem::path& path);

  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&& other) noexcept;
  ~OutputFile();  // removes the temporary file unless commit() succeeded

  // Errors: kIo (a full disk, a file beyond a limit).
  Result<void> write(std::span<const std::byte> bytes);
  // Flushes, and puts the file in the place of whatever `path` named before. Errors: kIo; `path` is then as
  // it was.
  Result<void> commit();

 private:
  OutputFile() = default;

  int descriptor_ = -1;
  std::filesystem::path path_;
  std::filesystem::path temporary_;  // empty once renamed
};

}  // namespace riposte::gguf
