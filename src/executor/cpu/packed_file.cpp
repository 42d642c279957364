#include "executor/cpu/packed_file.h"

#include <sys/mman.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <memory>

#include "executor/cpu/head_order.h"
#include "executor/cpu/leftovers.h"
#include "gguf/output_file.h"

namespace riposte::executor {
namespace {

namespace fs = std::filesystem;

constexpr std::array<char, 8> kMagic = {'R', 'I', 'P', 'O', 'P', 'A', 'C', 'K'};
constexpr uint32_t kFormatVersion = 1;
// Where panels may begin: written in one piece from here on, the kernel can hold them in huge pages.
constexpr size_t kPanelAlignment = size_t{2} << 20;
constexpr size_t kSampleBytes = 4096;

struct Header {
  std::array<char, 8> magic;
  uint32_t format_version;
  uint32_t packing_version;
  PackKey key;
  uint64_t sections;
  uint64_t panels;
  uint64_t file_bytes;
  uint64_t index_checksum;  // of all bytes before the panels, this field 0
};
static_assert(sizeof(Header) == 64);

struct Record {
  uint32_t type;
  int32_t rows;
  int32_t columns;
  uint32_t reserved;  // 0
  uint64_t offset;    // from the beginning of the panels
  uint64_t bytes;
};
static_assert(sizeof(Record) == 32);

// What a file for these matrices must look like.
struct Layout {
  Header header;
  std::vector<Record> records;
  size_t checksums;     // where they begin
  size_t panels_begin;  // a multiple of kPanelAlignment

  Layout(const PackKey& key, std::span<const PackedSection> sections)
      : header{kMagic, kFormatVersion, quant::kPackingVersion, key, sections.size(), 0, 0, 0} {
    for (const PackedSection& section : sections) {
      records.push_back({static_cast<uint32_t>(section.type), section.rows, section.columns, 0,
                         section.offset, section.bytes()});
      header.panels += static_cast<uint64_t>(section.panels);
    }
    checksums = sizeof(Header) + records.size() * sizeof(Record);
    const size_t index_end = checksums + header.panels * sizeof(uint64_t);
    panels_begin = (index_end + kPanelAlignment - 1) / kPanelAlignment * kPanelAlignment;
    header.file_bytes = panels_begin + (sections.empty() ? 0 : sections.back().end());
  }
};

struct StateDeleter {
  void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
};
using State = std::unique_ptr<XXH3_state_t, StateDeleter>;

uint64_t checksum_of(std::span<const std::byte> bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

uint64_t index_checksum(Header header, std::span<const std::byte> after_header) {
  header.index_checksum = 0;
  return XXH3_64bits_withSeed(after_header.data(), after_header.size(), XXH3_64bits(&header, sizeof header));
}

// Calls body(number of the panel, its offset) for panels [begin, end) of each section, shared out as a step
// shares them.
template <class Body>
void for_panels(std::span<const PackedSection> sections, int worker, int workers, Body&& body) {
  int64_t first = 0;
  for (const PackedSection& section : sections) {
    const hardware::Share share = hardware::share_of(section.panels, worker, workers);
    for (int64_t panel = share.begin; panel < share.end; ++panel) {
      body(static_cast<size_t>(first + panel),
           section.offset + static_cast<size_t>(panel) * section.panel_bytes, section.panel_bytes);
    }
    first += section.panels;
  }
}

// Compares the index with the one that it must be. `bytes` is the whole file.
Result<void> check_index(std::span<const std::byte> bytes, const Layout& expected) {
  if (bytes.size() < sizeof(Header)) {
    return fail(ErrorCode::kCorrupt, "its header needs {} bytes, the file has {}", sizeof(Header),
                bytes.size());
  }
  Header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != kMagic) return fail(ErrorCode::kCorrupt, "it is no file of packed weights");
  if (header.format_version != kFormatVersion || header.packing_version != quant::kPackingVersion) {
    return fail(ErrorCode::kUnsupported, "it has version {}.{}, this program writes {}.{}",
                header.format_version, header.packing_version, kFormatVersion, quant::kPackingVersion);
  }
  if (header.key != expected.header.key) {
    return fail(ErrorCode::kUnsupported, "the model file has changed since");
  }
  if (header.sections != expected.header.sections || header.panels != expected.header.panels ||
      header.file_bytes != expected.header.file_bytes || bytes.size() != header.file_bytes) {
    return fail(ErrorCode::kCorrupt, "it should have {} bytes, its header says {} and the file has {}",
                expected.header.file_bytes, header.file_bytes, bytes.size());
  }
  if (std::memcmp(bytes.data() + sizeof header, expected.records.data(),
                  expected.records.size() * sizeof(Record)) != 0) {
    return fail(ErrorCode::kCorrupt, "its matrices are not those of the model");
  }
  if (header.index_checksum !=
      index_checksum(header, bytes.first(expected.panels_begin).subspan(sizeof header))) {
    return fail(ErrorCode::kCorrupt, "its index is damaged");
  }
  return {};
}

}  // namespace

Result<PackKey> pack_key(const model::Model& model) {
  std::error_code failed;
  const auto changed = fs::last_write_time(model.path, failed);
  if (failed) return fail(ErrorCode::kIo, "cannot look at '{}': {}", model.path.string(), failed.message());
  const State state(XXH3_createState());
  XXH3_128bits_reset(state.get());
  const auto add = [&](const void* data, size_t bytes) { XXH3_128bits_update(state.get(), data, bytes); };
  const auto add_number = [&](uint64_t number) { add(&number, sizeof number); };
  add_number(model.file.size_bytes());
  add_number(static_cast<uint64_t>(changed.time_since_epoch().count()));
  add_number(quant::kPackingVersion);
  const std::vector<uint8_t> order = head_order(model.weights);
  add(order.data(), order.size());
  for (const gguf::Tensor& tensor : model.file.tensors()) {
    add_number(tensor.name.size());
    add(tensor.name.data(), tensor.name.size());
    add_number(static_cast<uint64_t>(tensor.type));
    for (const uint64_t dimension : tensor.shape) add_number(dimension);
    const size_t sample = std::min(kSampleBytes, tensor.data.size());
    const size_t room = tensor.data.size() - sample;
    for (const size_t begin : {size_t{0}, room / 2, room}) add(tensor.data.data() + begin, sample);
  }
  const XXH128_hash_t hash = XXH3_128bits_digest(state.get());
  return PackKey{hash.low64, hash.high64};
}

Result<PackFile> read_pack(const fs::path& path, const PackKey& key, std::span<const PackedSection> sections,
                           hardware::ThreadTeam& team) {
  std::error_code failed;
  if (const fs::file_status status = fs::status(path, failed);
      fs::exists(status) && !fs::is_regular_file(status)) {
    return fail(ErrorCode::kIo, "'{}' is not a regular file",
                path.string());  // opening a pipe would wait for a writer
  }
  auto file = MappedFile::open(path);
  if (!file) return pass_on(file);
  const std::span<const std::byte> bytes = file->bytes();
  const Layout layout(key, sections);
  if (auto good = check_index(bytes, layout); !good)
    return tl::unexpected(good.error().within(path.string()));
  // Asks for huge pages when the file has to come from the disk; kernels that cannot do so for files refuse,
  // no matter.
  ::madvise(const_cast<std::byte*>(bytes.data()), bytes.size(), MADV_HUGEPAGE);

  const std::span<const std::byte> panels = bytes.subspan(layout.panels_begin);
  std::atomic<bool> damaged{false};
  team.run([&](int worker) {
    for_panels(sections, worker, team.size(), [&](size_t panel, size_t offset, size_t size) {
      uint64_t expected;
      std::memcpy(&expected, bytes.data() + layout.checksums + panel * sizeof expected, sizeof expected);
      if (checksum_of(panels.subspan(offset, size)) != expected)
        damaged.store(true, std::memory_order_relaxed);
    });
  });
  if (damaged) return fail(ErrorCode::kCorrupt, "{}: its panels are damaged", path.string());
  return PackFile{std::move(*file), panels};
}

Result<void> write_pack(const fs::path& path, const PackKey& key, std::span<const PackedSection> sections,
                        std::span<const std::byte> panels) {
  const Layout layout(key, sections);
  std::vector<std::byte> index(layout.panels_begin);
  std::memcpy(index.data() + sizeof(Header), layout.records.data(), layout.records.size() * sizeof(Record));
  for_panels(sections, 0, 1, [&](size_t panel, size_t offset, size_t size) {
    const uint64_t checksum = checksum_of(panels.subspan(offset, size));
    std::memcpy(index.data() + layout.checksums + panel * sizeof checksum, &checksum, sizeof checksum);
  });
  Header header = layout.header;
  header.index_checksum = index_checksum(header, std::span(index).subspan(sizeof header));
  std::memcpy(index.data(), &header, sizeof header);

  std::error_code failed;
  fs::create_directories(path.parent_path(), failed);
  if (failed) {
    return fail(ErrorCode::kIo, "cannot make the folder '{}': {}", path.parent_path().string(),
                failed.message());
  }
  remove_leftovers(path);
  if (const fs::space_info space = fs::space(path.parent_path(), failed);
      !failed && space.available < header.file_bytes) {
    return fail(ErrorCode::kIo, "'{}' needs {} MB, the disk has {} left", path.string(),
                header.file_bytes >> 20, space.available >> 20);
  }
  auto file = gguf::OutputFile::create(path);
  if (!file) return pass_on(file);
  if (auto written = file->write(index); !written) return written;
  if (auto written = file->write(panels); !written) return written;
  return file->commit();
}

}  // namespace riposte::executor
