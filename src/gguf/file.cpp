#include "gguf/file.h"

#include <bit>
#include <unordered_map>
#include <utility>

#include "base/mapped_file.h"
#include "gguf/cursor.h"
#include "gguf/metadata.h"
#include "gguf/tensor_table.h"

namespace riposte::gguf {

struct File::Contents {
  MappedFile mapping;  // empty if somebody else keeps the bytes
  std::span<const std::byte> bytes;
  uint32_t version = 0;
  std::vector<Metadata> metadata;
  std::vector<Tensor> tensors;
  std::unordered_map<std::string_view, size_t> metadata_by_key;  // key -> index
  std::unordered_map<std::string_view, size_t> tensor_by_name;   // name -> index

  Result<void> read();
  Result<void> read_all_metadata(Cursor& cursor, uint64_t count);
  Result<uint32_t> alignment() const;
};

namespace {

constexpr uint32_t kMagic = 0x46554747;  // the bytes "GGUF"
constexpr uint32_t kDefaultAlignment = 32;

Result<uint32_t> read_version(Cursor& cursor) {
  const auto magic = cursor.take<uint32_t>("the magic number of a GGUF file");
  if (!magic) return magic;
  if (*magic != kMagic) {
    const char bytes[4] = {static_cast<char>(*magic), static_cast<char>(*magic >> 8),
                           static_cast<char>(*magic >> 16), static_cast<char>(*magic >> 24)};
    return fail(ErrorCode::kCorrupt, "not a GGUF file: it begins with '{}' instead of 'GGUF'",
                printable(std::string_view(bytes, sizeof bytes)));
  }
  const auto version = cursor.take<uint32_t>("the version of the GGUF file");
  if (!version) return version;
  if (*version == 2 || *version == 3) return version;
  // Versions are small numbers, so the lower half is 0 only if the bytes are the other way round.
  if ((*version & 0xffffu) == 0 && *version != 0) {
    return fail(ErrorCode::kUnsupported,
                "a big-endian GGUF file; Riposte reads little-endian ones, versions 2 and 3");
  }
  return fail(ErrorCode::kUnsupported,
              "GGUF version {}; Riposte reads versions 2 and 3: convert the model anew", *version);
}

}  // namespace

Result<void> File::Contents::read() {
  Cursor cursor(bytes);
  const auto read = read_version(cursor);
  if (!read) return pass_on(read);
  version = *read;
  const auto tensor_count = cursor.take_count(kLeastTensorBytes, "the number of tensors");
  if (!tensor_count) return pass_on(tensor_count);
  const auto metadata_count = cursor.take_count(kLeastMetadataBytes, "the number of metadata values");
  if (!metadata_count) return pass_on(metadata_count);

  if (const auto done = read_all_metadata(cursor, *metadata_count); !done) return pass_on(done);
  const auto aligned = alignment();
  if (!aligned) return pass_on(aligned);
  auto table = read_tensors(cursor, *tensor_count, bytes, *aligned);
  if (!table) return pass_on(table);
  tensors = std::move(*table);
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (!tensor_by_name.emplace(tensors[i].name, i).second) {
      return fail(ErrorCode::kCorrupt, "there are two tensors '{}'", printable(tensors[i].name));
    }
  }
  return {};
}

Result<void> File::Contents::read_all_metadata(Cursor& cursor, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t at = cursor.position();
    auto read = read_metadata(cursor);
    if (!read) return pass_on(read);
    if (!metadata_by_key.emplace(read->key, i).second) {
      return fail(ErrorCode::kCorrupt, "the metadata key '{}' appears again at byte {}", printable(read->key),
                  at);
    }
    metadata.push_back(std::move(*read));
  }
  return {};
}

Result<uint32_t> File::Contents::alignment() const {
  const auto found = metadata_by_key.find("general.alignment");
  if (found == metadata_by_key.end()) return kDefaultAlignment;
  const auto* value = std::get_if<uint32_t>(&metadata[found->second].value);
  if (!value) return fail(ErrorCode::kCorrupt, "general.alignment must be a uint32");
  if (*value < 8 || !std::has_single_bit(*value)) {
    return fail(ErrorCode::kCorrupt, "general.alignment is {}; it must be a power of two, at least 8",
                *value);
  }
  return *value;
}

File::File(std::unique_ptr<Contents> contents) : contents_(std::move(contents)) {}
File::File(File&&) noexcept = default;
File& File::operator=(File&&) noexcept = default;
File::~File() = default;

Result<File> File::open(const std::filesystem::path& path) {
  auto mapping = MappedFile::open(path);
  if (!mapping) return pass_on(mapping);
  auto contents = std::make_unique<Contents>();
  contents->mapping = std::move(*mapping);
  contents->bytes = contents->mapping.bytes();
  if (const auto read = contents->read(); !read) {
    return tl::unexpected<Error>(read.error().within(path.string()));
  }
  return File(std::move(contents));
}

Result<File> File::parse(std::span<const std::byte> bytes) {
  auto contents = std::make_unique<Contents>();
  contents->bytes = bytes;
  if (const auto read = contents->read(); !read) return pass_on(read);
  return File(std::move(contents));
}

uint32_t File::version() const {
  return contents_->version;
}
std::span<const Metadata> File::metadata() const {
  return contents_->metadata;
}
std::span<const Tensor> File::tensors() const {
  return contents_->tensors;
}
size_t File::size_bytes() const {
  return contents_->bytes.size();
}

const Value* File::find(std::string_view key) const {
  const auto found = contents_->metadata_by_key.find(key);
  return found == contents_->metadata_by_key.end() ? nullptr : &contents_->metadata[found->second].value;
}

const Tensor* File::find_tensor(std::string_view name) const {
  const auto found = contents_->tensor_by_name.find(name);
  return found == contents_->tensor_by_name.end() ? nullptr : &contents_->tensors[found->second];
}

uint64_t Tensor::rows() const {
  uint64_t product = 1;
  for (size_t i = 1; i < shape.size(); ++i) product *= shape[i];
  return product;
}

}  // namespace riposte::gguf
