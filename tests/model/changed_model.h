// A tiny model file with a few things changed, for tests of what happens then.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gguf/file.h"
#include "support/tiny_model.h"

namespace riposte::model {

class ChangedModel {
 public:
  explicit ChangedModel(support::TinyModelOptions options = {}) : options_(std::move(options)) {}

  ChangedModel& set(const std::string& key, gguf::Value value);
  ChangedModel& remove(const std::string& key);
  ChangedModel& remove_tensor(const std::string& name);
  // A float32 tensor, instead of the one of that name if there is one.
  ChangedModel& set_tensor(const std::string& name, std::vector<uint64_t> shape, float value = 1.0f);

  std::vector<std::byte> bytes() const;
  // Valid while this object lives; each call parses anew.
  gguf::File parse();

 private:
  struct FloatTensor {
    std::vector<uint64_t> shape;
    float value;
  };
  support::TinyModelOptions options_;
  std::map<std::string, std::optional<gguf::Value>> metadata_;  // nullopt: removed
  std::map<std::string, std::optional<FloatTensor>> tensors_;
  std::vector<std::byte> bytes_;
};

}  // namespace riposte::model
