// The metadata section of a GGUF file: keys and values.
#pragma once

#include <string>

#include "base/result.h"
#include "gguf/cursor.h"
#include "gguf/file.h"

namespace riposte::gguf {

// The fewest bytes that a key with its value can take: length of the key, type, one byte of value.
inline constexpr uint64_t kLeastMetadataBytes = 8 + 4 + 1;

// One key and its value. Errors: kCorrupt; kUnsupported for arrays of arrays.
Result<Metadata> read_metadata(Cursor& cursor);

}  // namespace riposte::gguf
