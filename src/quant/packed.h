// Weight matrices as the kernels read them: panels of 16 output rows, groups of 32 inputs.
//
// A panel holds 16 consecutive output rows, so that a vector lane is an output row. A group holds 32 consecutive inputs
// as 8 columns; a column is 4 inputs of each of the 16 rows, 64 bytes once unpacked: one operand of a 4-way int8 dot
// product on every instruction set (and 16 rows x 32 inputs is one operand of a tensor-core instruction).
//
// Every weight is an unsigned integer q (below) times a scale, less an offset or plus a minimum:
//
//   kHalf32   w = scale * (q - offset)         or  w = scale * q + minimum       scale, minimum: half, one a group
//   kK32      w = (d * s) * q + (m0 * m)       s, m: 8-bit integers, one a group; d, m0: half, one every 8 groups
//   kK16      w = d * s * (q - offset)         or  w = d * s * q + m0 * m        s, m: one for each half of a group
//
// Beside a Q8_0 matrix of which only the greatest product is asked for there can be a screening form of it, which no product
// is computed from: the high four bits of q, and the low ones of the first column of each group only (kernels/ops.h,
// PanelScreen). Those inputs are "hot", the others "cold"; which they are is up to the order in which a group's inputs are packed.
//
// Packing never loses a bit of a GGUF format that has such a form (Q4_0 ... Q6_K, Q8_0). F32, F16 and BF16 matrices are
// rounded to Q8_0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/aligned_buffer.h"
#include "base/result.h"
#include "gguf/types.h"

namespace riposte::quant {

// Changes whenever the bytes of a packed matrix do, so that stored ones of another version are not taken for these.
inline constexpr uint32_t kPackingVersion = 2;

inline constexpr int kPanelRows = 16;
inline constexpr int kGroupSize = 32;
inline constexpr int kGroupPanels = kGroupSize / kPanelRows;  // whose rows are a group of the next matrix
inline constexpr int kGroupColumns = 8;       // of 4 inputs each
inline constexpr int kGroupsPerSuperblock = 8;  // 256 inputs: the K formats
inline constexpr int kHotInputs = 4;          // of a group of a screening form: its first column
inline constexpr int kColdMiddle = 8;         // what screening takes the low four bits of cold inputs for

enum class ScaleKind : uint8_t { kHalf32, kK32, kK16 };

// What a kernel must know of a format at compile time.
struct PackedFormat {
  uint8_t bits;       // stored bits of q: 4, 5 (4 + 1), 6 (4 + 2) or 8
  ScaleKind scales;
  bool has_minimum;
  uint8_t offset;     // subtracted from q; 0 where there is a minimum
  bool screens = false;  // a screening form: q is stored in part

  friend constexpr bool operator==(const PackedFormat&, const PackedFormat&) = default;
  constexpr int quant_bytes() const { return bits * (kPanelRows * kGroupSize / 8); }  // of a group of a panel
};

inline constexpr PackedFormat kPackedQ4_0{4, ScaleKind::kHalf32, false, 8};
inline constexpr PackedFormat kPackedQ4_1{4, ScaleKind::kHalf32, true, 0};
inline constexpr PackedFormat kPackedQ5_0{5, ScaleKind::kHalf32, false, 16};
inline constexpr PackedFormat kPackedQ5_1{5, ScaleKind::kHalf32, true, 0};
inline constexpr PackedFormat kPackedQ8_0{8, ScaleKind::kHalf32, false, 128};
inline constexpr PackedFormat kScreenQ8_0{4, ScaleKind::kHalf32, false, 128, true};
inline constexpr PackedFormat kPackedQ2_K{4, ScaleKind::kK16, true, 0};
inline constexpr PackedFormat kPackedQ3_K{4, ScaleKind::kK16, false, 4};
inline constexpr PackedFormat kPackedQ4_K{4, ScaleKind::kK32, true, 0};
inline constexpr PackedFormat kPackedQ5_K{5, ScaleKind::kK32, true, 0};
inline constexpr PackedFormat kPackedQ6_K{6, ScaleKind::kK16, false, 32};

// The packed form of a GGUF type; Q8_0 for the floating-point types.
PackedFormat packed_format(gguf::TensorType type);

// The input of a group, 0..31, that is packed in each place, group after group. Empty: all as in the file.
using InputOrder = std::span<const uint8_t>;  // [groups * 32]

// Where the parts of a panel lie, in bytes from its beginning. Each part starts at a multiple of 64.
//
//   quants    [groups][quant_bytes]: the low 4 bits of columns 0..3 in the low nibbles of 256 bytes, of columns 4..7 in the
//             high ones; then for 5 bits a plane of 64 bytes (bit c of a byte: bit 4 of column c), for 6 bits two planes (bits
//             2c, 2c+1 of plane 0: columns 0..3; of plane 1: columns 4..7). 8 bits: 8 columns of 64 bytes.
//   scales    kHalf32: half [groups][16].    kK32: uint8 [groups][16].    kK16: int8 [groups][2][16].
//   minimums  kHalf32: half [groups][16].    kK32: uint8 [groups][16].    kK16: uint8 [groups][2][16].
//   d, m0     half [groups / 8][16]; m0 carries the sign: a minimum is added.
//
// A screening form:
//
//   quants    [groups][256]: the high four bits, as in a format of 4 bits
//   hot       [(groups + 1) / 2][64]: the low bits of column 0, of even groups in the low nibbles, of odd ones in the high
//   scales    as above
//   norms     float [2][16]: at least the root of the sum of squares, of scale * (low bits - 8) over the cold inputs, and
//             of scale * (q - offset) over all inputs
struct PanelLayout {
  PanelLayout() = default;
  PanelLayout(PackedFormat format, int64_t columns);

  int64_t groups = 0;
  size_t scales = 0;
  size_t minimums = 0;
  size_t d = 0;
  size_t m0 = 0;
  size_t hot = 0;
  size_t norms = 0;
  size_t bytes = 0;  // of one panel; a multiple of 64
};

struct RowGroup;

// The memory that a matrix of that shape takes once packed; a multiple of 64.
size_t packed_bytes(PackedFormat format, int32_t rows, int32_t columns);

// A whole packed matrix, in memory of its own or of somebody who outlives it. Rows beyond `rows` in the last panel are
// zero.
class PackedMatrix {
 public:
  PackedMatrix() = default;
  // Memory for a matrix of that shape, not yet filled, in packed_format(type).
  PackedMatrix(gguf::TensorType type, int32_t rows, int32_t columns);
  // The same in `format`: packed_format(type), or kScreenQ8_0 where that is kPackedQ8_0.
  PackedMatrix(gguf::TensorType type, PackedFormat format, int32_t rows, int32_t columns);
  // The same in `memory`: packed_bytes() zeros, aligned to 64.
  PackedMatrix(gguf::TensorType type, PackedFormat format, int32_t rows, int32_t columns, std::span<std::byte> memory);
  // A matrix that lies packed in `packed` (packed_bytes() long, aligned to 64) and is only read.
  static PackedMatrix view(gguf::TensorType type, PackedFormat format, int32_t rows, int32_t columns,
                           std::span<const std::byte> packed);

  // Not for a view. Packs panels [begin, end) from the file's rows (rows * row_bytes bytes at `source`). Different panels may be packed by
  // different threads; the thread that packs is the first to touch the memory. `order` is for screening forms only.
  void pack_panels(std::span<const std::byte> source, int64_t begin, int64_t end, InputOrder order = {});

  PackedFormat format() const { return format_; }
  const PanelLayout& layout() const { return layout_; }
  int32_t rows() const { return rows_; }
  int32_t columns() const { return columns_; }
  int64_t panels() const { return (rows_ + kPanelRows - 1) / kPanelRows; }
  const std::byte* panel(int64_t index) const { return data_ + static_cast<size_t>(index) * layout_.bytes; }
  size_t bytes() const { return static_cast<size_t>(panels()) * layout_.bytes; }

 private:
  void place(const RowGroup& group, int64_t g, int lane, std::byte* panel) const;
  void place_screen(const RowGroup& group, int64_t g, int lane, std::byte* panel) const;

  gguf::TensorType type_ = gguf::TensorType::kF32;
  PackedFormat format_ = kPackedQ8_0;
  PanelLayout layout_;
  int32_t rows_ = 0;
  int32_t columns_ = 0;
  AlignedBuffer<std::byte> own_;        // empty where the memory is somebody else's
  const std::byte* data_ = nullptr;
  std::byte* writable_ = nullptr;       // null for a view
};

}  // namespace riposte::quant
