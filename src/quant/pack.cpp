#include <cstring>

#include "base/check.h"
#include "quant/group.h"
#include "quant/packed.h"

namespace riposte::quant {
namespace {

size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

template <class T>
void store(std::byte* at, T value) {
  std::memcpy(at, &value, sizeof value);
}

// Places one row's 32 integers into the panel's group (the layout of PanelLayout::quants).
void place_quants(const RowGroup& group, int bits, int lane, std::byte* out) {
  auto* bytes = reinterpret_cast<uint8_t*>(out);
  for (int k = 0; k < kGroupSize; ++k) {
    const int column = k / 4;
    const int at = lane * 4 + k % 4;  // within a column of 64 bytes
    const uint8_t q = group.q[k];
    if (bits == 8) {
      bytes[column * 64 + at] = q;
      continue;
    }
    bytes[column % 4 * 64 + at] |= static_cast<uint8_t>((q & 15) << (column < 4 ? 0 : 4));
    if (bits == 5) bytes[256 + at] |= static_cast<uint8_t>((q >> 4) << column);
    if (bits == 6) bytes[256 + column / 4 * 64 + at] |= static_cast<uint8_t>((q >> 4) << (column % 4 * 2));
  }
}

}  // namespace

PackedFormat packed_format(gguf::TensorType type) {
  switch (type) {
    case gguf::TensorType::kQ4_0: return kPackedQ4_0;
    case gguf::TensorType::kQ4_1: return kPackedQ4_1;
    case gguf::TensorType::kQ5_0: return kPackedQ5_0;
    case gguf::TensorType::kQ5_1: return kPackedQ5_1;
    case gguf::TensorType::kQ2_K: return kPackedQ2_K;
    case gguf::TensorType::kQ3_K: return kPackedQ3_K;
    case gguf::TensorType::kQ4_K: return kPackedQ4_K;
    case gguf::TensorType::kQ5_K: return kPackedQ5_K;
    case gguf::TensorType::kQ6_K: return kPackedQ6_K;
    case gguf::TensorType::kQ8_0:
    case gguf::TensorType::kF32:
    case gguf::TensorType::kF16:
    case gguf::TensorType::kBF16: return kPackedQ8_0;
  }
  return kPackedQ8_0;
}

PanelLayout::PanelLayout(PackedFormat format, int64_t columns) {
  groups = (columns + kGroupSize - 1) / kGroupSize;
  const auto count = static_cast<size_t>(groups);
  const size_t superblocks = (count + kGroupsPerSuperblock - 1) / kGroupsPerSuperblock;
  const size_t scale_bytes = count * kPanelRows * (format.scales == ScaleKind::kK32 ? 1 : 2);
  const size_t super_bytes = format.scales == ScaleKind::kHalf32 ? 0 : superblocks * kPanelRows * 2;
  scales = aligned(count * static_cast<size_t>(format.quant_bytes()));
  minimums = aligned(scales + scale_bytes);
  d = format.has_minimum ? aligned(minimums + scale_bytes) : minimums;
  m0 = aligned(d + super_bytes);
  bytes = format.has_minimum ? aligned(m0 + super_bytes) : m0;
}

PackedMatrix::PackedMatrix(gguf::TensorType type, int32_t rows, int32_t columns)
    : type_(type),
      format_(packed_format(type)),
      layout_(format_, columns),
      rows_(rows),
      columns_(columns),
      data_(static_cast<size_t>((rows + kPanelRows - 1) / kPanelRows) * layout_.bytes) {}

void PackedMatrix::pack_panels(std::span<const std::byte> source, int64_t begin, int64_t end) {
  const gguf::BlockShape block = gguf::block_shape(type_);
  const size_t row_bytes = static_cast<size_t>(columns_) / block.elements * block.bytes;
  RIPOSTE_CHECK(source.size() >= row_bytes * static_cast<size_t>(rows_));
  for (int64_t index = begin; index < end; ++index) {
    std::byte* panel = data_.data() + static_cast<size_t>(index) * layout_.bytes;
    for (int lane = 0; lane < kPanelRows && index * kPanelRows + lane < rows_; ++lane) {
      const auto row = static_cast<size_t>(index * kPanelRows + lane);
      const std::span<const std::byte> blocks = source.subspan(row * row_bytes, row_bytes);
      for (int64_t g = 0; g < layout_.groups; ++g) {
        const RowGroup group = read_group(type_, blocks, g, columns_);
        place_quants(group, format_.bits, lane, panel + static_cast<size_t>(g) * format_.quant_bytes());
        const size_t at = static_cast<size_t>(g * kPanelRows + lane);
        const size_t at_super = static_cast<size_t>(g / kGroupsPerSuperblock * kPanelRows + lane);
        switch (format_.scales) {
          case ScaleKind::kHalf32:
            store(panel + layout_.scales + at * 2, group.scale_half);
            if (format_.has_minimum) store(panel + layout_.minimums + at * 2, group.minimum_half);
            break;
          case ScaleKind::kK32:
            store(panel + layout_.scales + at, group.scale[0]);
            if (format_.has_minimum) store(panel + layout_.minimums + at, group.minimum[0]);
            break;
          case ScaleKind::kK16:
            for (size_t half = 0; half < 2; ++half) {
              const size_t at_half = (static_cast<size_t>(g) * 2 + half) * kPanelRows + static_cast<size_t>(lane);
              store(panel + layout_.scales + at_half, group.scale[half]);
              if (format_.has_minimum) store(panel + layout_.minimums + at_half, group.minimum[half]);
            }
            break;
        }
        if (format_.scales != ScaleKind::kHalf32 && g % kGroupsPerSuperblock == 0) {
          store(panel + layout_.d + at_super * 2, group.d_half);
          if (format_.has_minimum) store(panel + layout_.m0 + at_super * 2, group.m0_half);
        }
      }
    }
  }
}

}  // namespace riposte::quant
