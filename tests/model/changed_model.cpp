#include "model/changed_model.h"

#include <deque>
#include <span>

#include "base/check.h"
#include "gguf/writer.h"

namespace riposte::model {

ChangedModel& ChangedModel::set(const std::string& key, gguf::Value value) {
  metadata_[key] = std::move(value);
  return *this;
}

ChangedModel& ChangedModel::remove(const std::string& key) {
  metadata_[key] = std::nullopt;
  return *this;
}

ChangedModel& ChangedModel::remove_tensor(const std::string& name) {
  tensors_[name] = std::nullopt;
  return *this;
}

ChangedModel& ChangedModel::set_tensor(const std::string& name, std::vector<uint64_t> shape, float value) {
  tensors_[name] = FloatTensor{std::move(shape), value};
  return *this;
}

std::vector<std::byte> ChangedModel::bytes() const {
  const std::vector<std::byte> original = support::make_tiny_gguf(options_);
  const auto file = gguf::File::parse(original);
  RIPOSTE_CHECK(file.has_value());
  gguf::Writer writer;
  for (const gguf::Metadata& entry : file->metadata()) {
    if (metadata_.contains(std::string(entry.key))) continue;
    RIPOSTE_CHECK(writer.set(entry.key, entry.value).has_value());
  }
  for (const auto& [key, value] : metadata_) {
    if (value) RIPOSTE_CHECK(writer.set(key, *value).has_value());
  }
  for (const gguf::Tensor& tensor : file->tensors()) {
    if (tensors_.contains(std::string(tensor.name))) continue;
    RIPOSTE_CHECK(writer.add_tensor(tensor.name, tensor.type, tensor.shape, tensor.data).has_value());
  }
  std::deque<std::vector<float>> data;  // what the writer's tensors view
  for (const auto& [name, tensor] : tensors_) {
    if (!tensor) continue;
    size_t count = 1;
    for (const uint64_t size : tensor->shape) count *= size;
    data.emplace_back(count, tensor->value);
    RIPOSTE_CHECK(
        writer.add_tensor(name, gguf::TensorType::kF32, tensor->shape, std::as_bytes(std::span(data.back())))
            .has_value());
  }
  return writer.bytes();
}

gguf::File ChangedModel::parse() {
  bytes_ = bytes();
  auto file = gguf::File::parse(bytes_);
  RIPOSTE_CHECK(file.has_value());
  return std::move(*file);
}

}  // namespace riposte::model
