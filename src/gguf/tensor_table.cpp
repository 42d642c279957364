#include "gguf/tensor_table.h"

#include <algorithm>
#include <limits>

namespace riposte::gguf {
namespace {

struct Description {
  Tensor tensor;    // all but its data
  uint64_t offset;  // from the beginning of the data section
  uint64_t bytes;
};

Result<Description> read_description(Cursor& cursor) {
  const auto name = cursor.take_string("a tensor name");
  if (!name) return pass_on(name);
  const std::string tensor = fmt::format("tensor '{}'", printable(*name));

  const auto dimensions = cursor.take<uint32_t>("the number of dimensions of " + tensor);
  if (!dimensions) return pass_on(dimensions);
  if (*dimensions == 0 || *dimensions > kMostDimensions) {
    return fail(ErrorCode::kCorrupt, "{} has {} dimensions (at byte {}); 1 to {} are possible", tensor,
                *dimensions, cursor.position() - 4, kMostDimensions);
  }
  std::vector<uint64_t> shape(*dimensions);
  for (uint64_t& dimension : shape) {
    const auto size = cursor.take<uint64_t>("a dimension of " + tensor);
    if (!size) return pass_on(size);
    dimension = *size;
  }

  const auto number = cursor.take<uint32_t>("the type of " + tensor);
  if (!number) return pass_on(number);
  const auto type = tensor_type_from(*number);
  if (!type) {
    return fail(ErrorCode::kUnsupported, "{} is stored as {}; supported are {}", tensor,
                name_of_number(*number), supported_tensor_types());
  }
  const auto bytes = tensor_bytes(*type, shape);
  if (!bytes) return tl::unexpected<Error>(bytes.error().within(tensor));

  const auto offset = cursor.take<uint64_t>("the offset of " + tensor);
  if (!offset) return pass_on(offset);
  return Description{{*name, *type, std::move(shape), {}}, *offset, *bytes};
}

// Two tensors that share bytes are a sign of a damaged table; each byte of data belongs to one tensor at
// most.
Result<void> check_overlaps(std::span<const Description> descriptions) {
  std::vector<const Description*> by_offset;
  by_offset.reserve(descriptions.size());
  for (const Description& description : descriptions) by_offset.push_back(&description);
  std::sort(by_offset.begin(), by_offset.end(), [](auto* a, auto* b) { return a->offset < b->offset; });
  for (size_t i = 1; i < by_offset.size(); ++i) {
    const Description& before = *by_offset[i - 1];
    const Description& after = *by_offset[i];
    if (after.offset - before.offset < before.bytes) {
      return fail(ErrorCode::kCorrupt,
                  "tensor '{}' at offset {} overlaps tensor '{}', which takes {} bytes from offset {}",
                  printable(after.tensor.name), after.offset, printable(before.tensor.name), before.bytes,
                  before.offset);
    }
  }
  return {};
}

}  // namespace

Result<uint64_t> tensor_bytes(TensorType type, std::span<const uint64_t> shape) {
  constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
  const auto written = [&] { return fmt::format("[{}]", fmt::join(shape, ", ")); };
  uint64_t elements = 1;
  for (const uint64_t dimension : shape) {
    if (dimension == 0) return fail(ErrorCode::kCorrupt, "the shape {} has a dimension of 0", written());
    if (dimension > kMost / elements)
      return fail(ErrorCode::kCorrupt, "the shape {} overflows 64 bits", written());
    elements *= dimension;
  }
  const BlockShape block = block_shape(type);
  if (shape[0] % block.elements != 0) {
    return fail(ErrorCode::kCorrupt, "rows of {} elements are not whole blocks of {} ({} elements each)",
                shape[0], name_of(type), block.elements);
  }
  const uint64_t blocks = elements / block.elements;
  if (blocks > kMost / block.bytes)
    return fail(ErrorCode::kCorrupt, "the shape {} overflows 64 bits", written());
  return blocks * block.bytes;
}

Result<std::vector<Tensor>> read_tensors(Cursor& cursor, uint64_t count, std::span<const std::byte> file,
                                         uint64_t alignment) {
  std::vector<Description> descriptions;
  for (uint64_t i = 0; i < count; ++i) {
    auto description = read_description(cursor);
    if (!description) return pass_on(description);
    descriptions.push_back(std::move(*description));
  }

  // No overflow: the position is at most the file's size and the alignment below 2^32.
  const uint64_t data_begin = (cursor.position() + alignment - 1) / alignment * alignment;
  const uint64_t data_bytes = file.size() > data_begin ? file.size() - data_begin : 0;
  for (Description& description : descriptions) {
    if (description.offset % alignment != 0) {
      return fail(ErrorCode::kCorrupt,
                  "tensor '{}' has offset {}, which is not a multiple of the alignment {}",
                  printable(description.tensor.name), description.offset, alignment);
    }
    if (description.offset > data_bytes || description.bytes > data_bytes - description.offset) {
      return fail(ErrorCode::kCorrupt,
                  "tensor '{}' takes {} bytes from offset {} of the data at byte {}, but the file ends at "
                  "byte {}; is it "
                  "complete?",
                  printable(description.tensor.name), description.bytes, description.offset, data_begin,
                  file.size());
    }
    description.tensor.data = file.subspan(data_begin + description.offset, description.bytes);
  }
  if (const auto checked = check_overlaps(descriptions); !checked) return pass_on(checked);

  std::vector<Tensor> tensors;
  tensors.reserve(descriptions.size());
  for (Description& description : descriptions) tensors.push_back(std::move(description.tensor));
  return tensors;
}

}  // namespace riposte::gguf
