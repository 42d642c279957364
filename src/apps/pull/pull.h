// From a catalogue entry to a verified model file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "apps/catalogue.h"
#include "apps/pull/progress.h"
#include "base/result.h"

namespace riposte::apps {

struct PullOptions {
  std::filesystem::path models;   // where the file goes; made if absent
  std::filesystem::path scratch;  // for packages on the way
  bool verify = false;            // hash a file that is already there, too
  Progress::Style progress = Progress::Style::kSilent;
};

struct Pulled {
  std::filesystem::path path;
  std::string sha256;  // empty if the file was there and was not hashed
  bool was_there = false;
};

// Tries the sources in order; the file appears under its name only when size, SHA-256 and GGUF header are
// right. Errors: kIo (network, disk), kCorrupt (not the file that the catalogue promises; it is thrown away),
// kBusy.
Result<Pulled> pull(const CatalogueEntry& entry, const PullOptions& options);

}  // namespace riposte::apps
