// KV memory of pinned beginnings as a file, so that the next start need not compute them.
//
//   0     "RIPOSTKV", format version (u32), page size in tokens (u32), bytes of a page (u64),
//         length of the key (u32), number of entries (u32), the key
//   then  for each entry: number of tokens (u32), the tokens (i32 each), its pages one behind the other
//   last  XXH3 (64 bits) of all bytes before it
//
// All numbers are little endian. What the pages hold is the executor's business. A file that is cut, damaged
// or of anything else than the key says is an error, never a wrong answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/token.h"

namespace riposte::kvcache {

// What a snapshot belongs to: it is of no use where any of it is another.
struct SnapshotKey {
  std::string numbers;    // names weights and arithmetic: equal tokens give equal bits where it is equal
  int32_t page_size = 0;  // tokens
  uint64_t page_bytes = 0;
};

struct SnapshotEntry {
  std::vector<TokenId> tokens;   // not empty
  std::vector<std::byte> pages;  // [pages for the tokens][page_bytes]
};

// Errors: kNotFound; kUnsupported (another key or version); kCorrupt (cut, damaged, not a snapshot);
// kTooLarge (more than `most_bytes`); kIo.
Result<std::vector<SnapshotEntry>> read_snapshot(const std::filesystem::path& path, const SnapshotKey& key,
                                                 uint64_t most_bytes);

// Writes the file beside its place and renames it once it is complete and on the disk. Errors: kIo (no room,
// no permission); what stood at `path` is then as it was.
Result<void> write_snapshot(const std::filesystem::path& path, const SnapshotKey& key,
                            std::span<const SnapshotEntry> entries);

}  // namespace riposte::kvcache
