// A file that holds a model's packed weights, to be mapped by the next start instead of packing anew.
//
//   0            header, 64 bytes: magic, versions, key of the model file, counts, length of the file,
//   checksum of the index 64           one record of 32 bytes for each matrix: type, shape, offset and length
//   of its panels
//   ...          one XXH3 checksum (64 bits) for each panel
//   panels       at a multiple of 2 MiB: matrix after matrix, byte for byte what lies in memory
//
// All numbers are little endian. The reader never follows what the file says: it computes from the model what
// the file must say, compares the whole index, and then checks every panel against its checksum. That reads
// all panels once, which the first step would do anyway; so an old, cut or damaged file is an error, never a
// wrong answer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "base/mapped_file.h"
#include "base/result.h"
#include "executor/cpu/packed_weights.h"
#include "model/model.h"

namespace riposte::executor {

// Names the state of a model file: its size, time of change, tensor table and three sampled pages of each
// tensor, together with the version of the packing and the order of the head's inputs. A whole hash would read the file that the pack exists to
// leave alone; what changes a model in place, outside the samples, and sets its time back goes unseen.
struct PackKey {
  uint64_t low = 0;
  uint64_t high = 0;

  friend bool operator==(const PackKey&, const PackKey&) = default;
};

// Errors: kIo (the model file is gone).
Result<PackKey> pack_key(const model::Model& model);

struct PackFile {
  MappedFile file;
  std::span<const std::byte> panels;  // views into it
};

// Maps the file and checks all of it, panels by all workers. Errors: kNotFound; kUnsupported (another version
// of the format, or of the model file); kCorrupt (cut, damaged, or of another shape); kIo.
Result<PackFile> read_pack(const std::filesystem::path& path, const PackKey& key,
                           std::span<const PackedSection> sections, hardware::ThreadTeam& team);

// Writes the file beside its place and renames it once it is complete and on the disk; before, it removes
// what writers that were killed left there. Errors: kIo (no room, no permission); what stood at `path` is
// then as it was.
Result<void> write_pack(const std::filesystem::path& path, const PackKey& key,
                        std::span<const PackedSection> sections, std::span<const std::byte> panels);

}  // namespace riposte::executor
