#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/check.h"
#include "quant/group.h"
#include "quant/half.h"
#include "quant/packed.h"

namespace riposte::quant {
namespace {

size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

template <class T>
void store(std::byte* at, T value) {
  std::memcpy(at, &value, sizeof value);
}

// Places one row's 32 integers into the panel's group (the layout of PanelLayout::quants): a word is the 4 inputs of a
// column, and no operation on words carries from one byte into the next.
constexpr uint32_t kNibbles = 0x0f0f0f0f;

template <int bits>
void place_quants(const RowGroup& group, int lane, std::byte* out) {
  uint32_t words[kGroupColumns];
  std::memcpy(words, group.q, sizeof words);
  const auto put = [&](int block, uint32_t word) {
    std::memcpy(out + block * 64 + lane * 4, &word, sizeof word);
  };
  if constexpr (bits == 8) {
    for (int c = 0; c < kGroupColumns; ++c) put(c, words[c]);
    return;
  }
  for (int c = 0; c < 4; ++c) put(c, (words[c] & kNibbles) | (words[c + 4] & kNibbles) << 4);
  if constexpr (bits == 5) {
    uint32_t plane = 0;
    for (int c = 0; c < kGroupColumns; ++c) plane |= (words[c] >> 4 & 0x01010101u) << c;
    put(4, plane);
  }
  if constexpr (bits == 6) {
    for (int half = 0; half < 2; ++half) {
      uint32_t plane = 0;
      for (int c = 0; c < 4; ++c) plane |= (words[half * 4 + c] >> 4 & 0x03030303u) << (2 * c);
      put(4 + half, plane);
    }
  }
}

void place_quants(const RowGroup& group, int bits, int lane, std::byte* out) {
  switch (bits) {
    case 4: return place_quants<4>(group, lane, out);
    case 5: return place_quants<5>(group, lane, out);
    case 6: return place_quants<6>(group, lane, out);
    default: return place_quants<8>(group, lane, out);
  }
}

// The sums of squares of which a lane's PanelLayout::norms are the roots.
struct Squares {
  double cold = 0.0;
  double whole = 0.0;

  void add(const RowGroup& group) {
    int cold_sum = 0, whole_sum = 0;
    for (int i = 0; i < kGroupSize; ++i) {
      const int rest = i < kHotInputs ? 0 : (group.q[i] & 15) - kColdMiddle;
      const int q = group.q[i] - kScreenQ8_0.offset;
      cold_sum += rest * rest;
      whole_sum += q * q;
    }
    const double scale = half_to_float(group.scale_half);
    cold += scale * scale * cold_sum;
    whole += scale * scale * whole_sum;
  }
};

// Never below the root: one step up is more than the nearest float and all roundings in double can be short of it.
float norm_of(double square) {
  return std::nextafter(static_cast<float>(std::sqrt(square)), std::numeric_limits<float>::infinity());
}

RowGroup in_order(const RowGroup& group, const uint8_t* places) {
  RowGroup ordered = group;
  for (int i = 0; i < kGroupSize; ++i) ordered.q[i] = group.q[places[i]];
  return ordered;
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
  if (format.screens) {
    hot = count * static_cast<size_t>(format.quant_bytes());
    scales = hot + (count + 1) / 2 * 64;
    norms = aligned(scales + count * kPanelRows * 2);
    bytes = norms + 2 * kPanelRows * sizeof(float);
    return;
  }
  const size_t superblocks = (count + kGroupsPerSuperblock - 1) / kGroupsPerSuperblock;
  const size_t scale_bytes = count * kPanelRows * (format.scales == ScaleKind::kK32 ? 1 : 2);
  const size_t super_bytes = format.scales == ScaleKind::kHalf32 ? 0 : superblocks * kPanelRows * 2;
  scales = aligned(count * static_cast<size_t>(format.quant_bytes()));
  minimums = aligned(scales + scale_bytes);
  d = format.has_minimum ? aligned(minimums + scale_bytes) : minimums;
  m0 = aligned(d + super_bytes);
  bytes = format.has_minimum ? aligned(m0 + super_bytes) : m0;
}

size_t packed_bytes(PackedFormat format, int32_t rows, int32_t columns) {
  const auto panels = static_cast<size_t>((rows + kPanelRows - 1) / kPanelRows);
  return panels * PanelLayout(format, columns).bytes;
}

PackedMatrix::PackedMatrix(gguf::TensorType type, int32_t rows, int32_t columns)
    : PackedMatrix(type, packed_format(type), rows, columns) {}

PackedMatrix::PackedMatrix(gguf::TensorType type, PackedFormat format, int32_t rows, int32_t columns)
    : type_(type),
      format_(format),
      layout_(format, columns),
      rows_(rows),
      columns_(columns),
      own_(packed_bytes(format, rows, columns)),
      data_(own_.data()),
      writable_(own_.data()) {}

PackedMatrix::PackedMatrix(gguf::TensorType type, PackedFormat format, int32_t rows, int32_t columns,
                           std::span<std::byte> memory)
    : type_(type),
      format_(format),
      layout_(format, columns),
      rows_(rows),
      columns_(columns),
      data_(memory.data()),
      writable_(memory.data()) {
  RIPOSTE_CHECK(memory.size() == bytes());
}

PackedMatrix PackedMatrix::view(gguf::TensorType type, PackedFormat format, int32_t rows, int32_t columns,
                                std::span<const std::byte> packed) {
  PackedMatrix matrix;
  matrix.type_ = type;
  matrix.format_ = format;
  matrix.layout_ = PanelLayout(matrix.format_, columns);
  matrix.rows_ = rows;
  matrix.columns_ = columns;
  matrix.data_ = packed.data();
  RIPOSTE_CHECK(packed.size() == matrix.bytes());
  return matrix;
}

void PackedMatrix::place_screen(const RowGroup& group, int64_t g, int lane, std::byte* panel) const {
  RowGroup high = group;
  for (uint8_t& q : high.q) q = static_cast<uint8_t>(q >> 4);
  place_quants<4>(high, lane, panel + g * format_.quant_bytes());
  uint32_t hot, pair;
  std::memcpy(&hot, group.q, sizeof hot);
  // Beside the nibbles of the neighbouring group, if they are there already: panels are zero at first.
  std::byte* at = panel + layout_.hot + g / 2 * 64 + lane * 4;
  std::memcpy(&pair, at, sizeof pair);
  store(at, pair | (hot & kNibbles) << (g % 2 * 4));
  store(panel + layout_.scales + (g * kPanelRows + lane) * 2, group.scale_half);
}

void PackedMatrix::place(const RowGroup& group, int64_t g, int lane, std::byte* panel) const {
  place_quants(group, format_.bits, lane, panel + g * format_.quant_bytes());
  const int64_t at = g * kPanelRows + lane;
  const int64_t at_super = (g / kGroupsPerSuperblock * kPanelRows + lane) * 2;
  switch (format_.scales) {
    case ScaleKind::kHalf32:
      store(panel + layout_.scales + at * 2, group.scale_half);
      if (format_.has_minimum) store(panel + layout_.minimums + at * 2, group.minimum_half);
      return;
    case ScaleKind::kK32:
      store(panel + layout_.scales + at, group.scale[0]);
      if (format_.has_minimum) store(panel + layout_.minimums + at, group.minimum[0]);
      break;
    case ScaleKind::kK16:
      for (int half = 0; half < 2; ++half) {
        const int64_t at_half = (g * 2 + half) * kPanelRows + lane;
        store(panel + layout_.scales + at_half, group.scale[half]);
        if (format_.has_minimum) store(panel + layout_.minimums + at_half, group.minimum[half]);
      }
      break;
  }
  if (g % kGroupsPerSuperblock != 0) return;
  store(panel + layout_.d + at_super, group.d_half);
  if (format_.has_minimum) store(panel + layout_.m0 + at_super, group.m0_half);
}

void PackedMatrix::pack_panels(std::span<const std::byte> source, int64_t begin, int64_t end, InputOrder order) {
  const gguf::BlockShape block = gguf::block_shape(type_);
  const size_t row_bytes = static_cast<size_t>(columns_) / block.elements * block.bytes;
  RIPOSTE_CHECK(source.size() >= row_bytes * static_cast<size_t>(rows_));
  RIPOSTE_CHECK(writable_ != nullptr || rows_ == 0);
  RIPOSTE_CHECK(order.empty() || (format_.screens && order.size() == static_cast<size_t>(layout_.groups) * kGroupSize));
  for (int64_t index = begin; index < end; ++index) {
    std::byte* panel = writable_ + static_cast<size_t>(index) * layout_.bytes;
    const auto lanes = static_cast<int>(std::min<int64_t>(kPanelRows, rows_ - index * kPanelRows));
    Squares squares[kPanelRows];
    for (int64_t g = 0; g < layout_.groups; ++g) {
      for (int lane = 0; lane < lanes; ++lane) {
        const auto row = static_cast<size_t>(index * kPanelRows + lane);
        RowGroup group = read_group(type_, source.subspan(row * row_bytes, row_bytes), g, columns_);
        if (!order.empty()) group = in_order(group, order.data() + g * kGroupSize);
        if (format_.screens) {
          squares[lane].add(group);
          place_screen(group, g, lane, panel);
        } else {
          place(group, g, lane, panel);
        }
      }
    }
    for (int lane = 0; format_.screens && lane < lanes; ++lane) {
      std::byte* norm = panel + layout_.norms + static_cast<size_t>(lane) * sizeof(float);
      store(norm, norm_of(squares[lane].cold));
      store(norm + kPanelRows * sizeof(float), norm_of(squares[lane].whole));
    }
  }
}

}  // namespace riposte::quant
