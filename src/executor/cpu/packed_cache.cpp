#include "executor/cpu/packed_cache.h"

#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <xxhash.h>

#include <exception>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "executor/cpu/huge_pages.h"
#include "executor/cpu/merged_weights.h"
#include "executor/cpu/packed_file.h"

namespace riposte::executor {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLongestName = 100;  // bytes of the model's name; file systems end at 255
constexpr int kLowestPriority = 19;

// A mapped file is as fast as memory of our own only where huge pages hold it; in pages of 4 KiB a step takes
// longer than copying once is worth.
bool is_fast_to_read(std::span<const std::byte> mapped) {
  return huge_page_bytes(mapped) >= mapped.size() - mapped.size() / 16;
}

struct WriteJob {
  fs::path path;
  PackKey key;
  std::vector<PackedSection> sections;
  std::span<const std::byte> panels;

  void run() const {
    // Steps go first. (On Linux a thread has a priority of its own.)
    ::setpriority(PRIO_PROCESS, 0, kLowestPriority);
    // A file beyond the process's limit is an error of write(), not the end of the process.
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGXFSZ);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    try {
      if (auto written = write_pack(path, key, sections, panels); !written) {
        spdlog::warn("the next start will pack the weights again: {}", written.error().message);
      }
    } catch (const std::exception& error) {
      spdlog::warn("the next start will pack the weights again: {}", error.what());
    }
  }
};

std::string stem_of(const fs::path& model_file) {
  std::error_code failed;
  fs::path whole = fs::weakly_canonical(model_file, failed);
  if (failed) whole = model_file;
  const std::string text = whole.string();
  return fmt::format("{}-{:016x}", model_file.stem().string().substr(0, kLongestName),
                     XXH3_64bits(text.data(), text.size()));
}

// Weights of these shapes from the file, or as `pack` makes them, with a writer of the file.
template <class Pack>
Result<PackedWeights> load_or(const fs::path& path, const PackKey& key, const model::Weights& shapes,
                              hardware::ThreadTeam& team, Pack&& pack) {
  WriteJob job{path, key, plan_sections(shapes), {}};
  auto found = read_pack(job.path, key, job.sections, team);
  if (found) {
    if (!is_fast_to_read(found->panels)) return copy_weights(shapes, found->panels, team);
    return view_weights(shapes, found->panels, std::move(found->file));
  }
  if (found.error().code != ErrorCode::kNotFound)
    spdlog::info("packing the weights again: {}", found.error().message);
  Result<PackedWeights> packed = pack();
  if (!packed) return packed;
  job.panels = packed->memory.span();
  try {
    packed->writer = std::jthread([job = std::move(job)] { job.run(); });
  } catch (const std::system_error& error) {
    spdlog::warn("the next start will pack the weights again: {}", error.what());
  }
  return packed;
}

std::optional<PackKey> key_of(const model::Model& model, const fs::path& folder) {
  if (folder.empty()) return std::nullopt;
  const auto key = pack_key(model);
  if (key) return *key;
  spdlog::warn("the weights are packed without a file: {}", key.error().message);
  return std::nullopt;
}

}  // namespace

fs::path pack_path(const fs::path& folder, const fs::path& model_file) {
  return folder / (stem_of(model_file) + ".pack");
}

fs::path pack_path(const fs::path& folder, const fs::path& model_file, const model::Adapter& adapter) {
  return folder / fmt::format("{}-{:016x}.pack", stem_of(model_file), adapter.hash);
}

PackedWeights load_or_pack(const model::Model& model, hardware::ThreadTeam& team, const fs::path& folder) {
  const auto pack = [&]() -> Result<PackedWeights> { return pack_weights(model.weights, team); };
  const auto key = key_of(model, folder);
  if (!key) return *pack();
  return *load_or(pack_path(folder, model.path), *key, model.weights, team, pack);
}

Result<PackedWeights> load_or_merge(const model::Model& base, const model::Adapter& adapter,
                                    gguf::TensorType type, hardware::ThreadTeam& team,
                                    const fs::path& folder) {
  const auto pack = [&] { return pack_merged(adapter, base.weights, type, team); };
  auto key = key_of(base, folder);
  if (!key) return pack();
  key->high ^= adapter.hash;
  return load_or(pack_path(folder, base.path, adapter), *key, merged_shapes(adapter, base.weights, type),
                 team, pack);
}

}  // namespace riposte::executor
