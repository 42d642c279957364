// A model file that is not whole yet: FILE.part, and beside it FILE.part.json, which says what may be trusted
// of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "base/result.h"

namespace riposte::apps {

// What is known of the bytes in the part file, and where they came from.
struct PartState {
  std::string source;  // which source wrote it: another one begins anew
  std::string etag;    // the server's name for this version of the file (https)
  uint64_t parts = 0;  // finished packages (pip)
  uint64_t bytes = 0;  // bytes that the fields above vouch for
  std::string sha256;  // of those bytes; empty: not known
};

// Held by one process at a time: a second `riposte pull` of the same file is refused.
class PartFile {
 public:
  // Opens or makes FILE.part for the model file at `target`. Errors: kBusy (another process holds it), kIo.
  static Result<PartFile> open(const std::filesystem::path& target);

  PartFile(PartFile&& other) noexcept;
  PartFile& operator=(PartFile&&) = delete;
  ~PartFile();

  const std::filesystem::path& path() const { return path_; }
  uint64_t size() const { return size_; }

  PartState load_state() const;  // an empty state if there is none or it cannot be read as one
  Result<void> save_state(const PartState& state) const;

  Result<void> append(std::span<const std::byte> bytes);  // kIo: names a full disk as such
  Result<void> truncate(uint64_t bytes);
  Result<void> commit();  // flushed to the disk, renamed to the target; the state file goes
  Result<void> empty();   // forgets bytes and state; the file itself stays, and stays held
  void remove();          // part and state go

 private:
  PartFile(std::filesystem::path target, std::filesystem::path path, int file, uint64_t size);
  std::filesystem::path state_path() const;

  std::filesystem::path target_;
  std::filesystem::path path_;
  int file_ = -1;
  uint64_t size_ = 0;
};

}  // namespace riposte::apps
