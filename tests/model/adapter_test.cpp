#include "model/adapter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <optional>

#include "base/check.h"
#include "gguf/writer.h"
#include "model/changed_model.h"
#include "model/model.h"
#include "support/tiny_adapter.h"

namespace riposte::model {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const fs::path kModels = RIPOSTE_SOURCE_DIR "/tests/executor/models";

// An adapter of the tiny llama, with some of it changed.
class AdapterTest : public testing::Test {
 protected:
  AdapterTest() : base_bytes_(support::make_tiny_gguf()), base_file_(*gguf::File::parse(base_bytes_)) {
    config_ = *read_config(base_file_);
    weights_ = *read_weights(base_file_, config_);
  }

  struct Tensor {
    gguf::TensorType type = gguf::TensorType::kF32;
    std::vector<uint64_t> shape;
    std::vector<std::byte> data;
  };
  static Tensor floats(std::vector<uint64_t> shape, float value = 0.5f) {
    uint64_t count = 1;
    for (const uint64_t size : shape) count *= size;
    const std::vector<float> values(count, value);
    const auto bytes = std::as_bytes(std::span(values));
    return {gguf::TensorType::kF32, std::move(shape), {bytes.begin(), bytes.end()}};
  }

  Result<Adapter> read() {
    const std::vector<std::byte> original = support::make_tiny_adapter(base_file_);
    const auto file = gguf::File::parse(original);
    gguf::Writer writer;
    for (const gguf::Metadata& entry : file->metadata()) {
      if (!metadata_.contains(std::string(entry.key)))
        RIPOSTE_CHECK(writer.set(entry.key, entry.value).has_value());
    }
    for (const auto& [key, value] : metadata_) {
      if (value) RIPOSTE_CHECK(writer.set(key, *value).has_value());
    }
    for (const gguf::Tensor& tensor : file->tensors()) {
      if (tensors_.contains(std::string(tensor.name)) || !keeps_others_) continue;
      RIPOSTE_CHECK(writer.add_tensor(tensor.name, tensor.type, tensor.shape, tensor.data).has_value());
    }
    for (const auto& [name, tensor] : tensors_) {
      if (tensor)
        RIPOSTE_CHECK(writer.add_tensor(name, tensor->type, tensor->shape, tensor->data).has_value());
    }
    bytes_ = writer.bytes();
    return Adapter::read(*gguf::File::parse(bytes_), config_, weights_);
  }

  void expect_error(ErrorCode code, std::string_view message_part) {
    const auto adapter = read();
    ASSERT_FALSE(adapter) << "expected: " << message_part;
    EXPECT_EQ(adapter.error().code, code) << adapter.error().message;
    EXPECT_THAT(adapter.error().message, HasSubstr(std::string(message_part)));
  }

  const std::vector<std::byte> base_bytes_;
  const gguf::File base_file_;
  ModelConfig config_;
  Weights weights_;
  std::map<std::string, std::optional<gguf::Value>> metadata_;  // nullopt: removed
  std::map<std::string, std::optional<Tensor>> tensors_;
  bool keeps_others_ = true;
  std::vector<std::byte> bytes_;
};

TEST_F(AdapterTest, FindsBothMatricesOfEveryProduct) {
  const auto adapter = read();
  ASSERT_TRUE(adapter) << adapter.error().message;
  ASSERT_EQ(adapter->layers.size(), 2u);
  for (int32_t layer = 0; layer < 2; ++layer) {
    for (size_t product = 0; product < kProducts; ++product) {
      const LowRank& pair = adapter->of(layer, static_cast<Product>(product));
      const Matrix& weight =
          matrix_of(weights_.layers[static_cast<size_t>(layer)], static_cast<Product>(product));
      EXPECT_EQ(pair.a.rows, 8);
      EXPECT_EQ(pair.a.columns, weight.columns);
      EXPECT_EQ(pair.b.rows, weight.rows);
      EXPECT_EQ(pair.b.columns, 8);
      EXPECT_EQ(pair.scale, 2.0f);
    }
  }
  EXPECT_TRUE(adapter->preset.empty());
  EXPECT_TRUE(adapter->prompt.empty());
}

TEST_F(AdapterTest, WhatItDoesNotChangeIsEmpty) {
  tensors_["blk.1.ffn_up.weight.lora_a"] = tensors_["blk.1.ffn_up.weight.lora_b"] = std::nullopt;
  const auto adapter = read();
  ASSERT_TRUE(adapter) << adapter.error().message;
  EXPECT_TRUE(adapter->of(1, Product::kUp).empty());
  EXPECT_FALSE(adapter->of(0, Product::kUp).empty());
}

TEST_F(AdapterTest, EveryProductMayHaveARankOfItsOwn) {
  tensors_["blk.0.ffn_down.weight.lora_a"] = floats({512, 3});
  tensors_["blk.0.ffn_down.weight.lora_b"] = floats({3, 256});
  const auto adapter = read();
  ASSERT_TRUE(adapter) << adapter.error().message;
  EXPECT_FLOAT_EQ(adapter->of(0, Product::kDown).scale, 16.0f / 3.0f);
}

TEST_F(AdapterTest, SaysWhatItWasMadeFor) {
  metadata_["general.name"] = std::string_view("Commas");
  metadata_["riposte.adapter.preset"] = std::string_view("grammar");
  metadata_["riposte.adapter.language"] = std::string_view("de");
  metadata_["riposte.adapter.prompt"] = std::string_view("<|im_start|>user\n{text}<|im_end|>\n");
  const auto adapter = read();
  ASSERT_TRUE(adapter) << adapter.error().message;
  EXPECT_EQ(adapter->name, "Commas");
  EXPECT_EQ(adapter->preset, "grammar");
  EXPECT_EQ(adapter->language, "de");
  EXPECT_EQ(adapter->prompt, "<|im_start|>user\n{text}<|im_end|>\n");
}

TEST_F(AdapterTest, MaySayThatItLearnedToBeMerged) {
  EXPECT_EQ(read()->merges_into, std::nullopt);
  metadata_["riposte.adapter.merges_into"] = std::string_view("Q4_1");
  EXPECT_EQ(read()->merges_into, gguf::TensorType::kQ4_1);
  metadata_["riposte.adapter.merges_into"] = std::string_view("Q4_0");
  expect_error(ErrorCode::kUnsupported,
               "'riposte.adapter.merges_into' is 'Q4_0'; Riposte merges into Q4_1 only");
  metadata_["riposte.adapter.merges_into"] = 4.0f;
  expect_error(ErrorCode::kCorrupt, "riposte.adapter.merges_into");
}

TEST_F(AdapterTest, OtherValuesHaveAnotherHash) {
  const uint64_t hash = read()->hash;
  EXPECT_EQ(read()->hash, hash);
  metadata_["general.name"] = std::string_view("a new name");  // changes no answer
  EXPECT_EQ(read()->hash, hash);
  metadata_["adapter.lora.alpha"] = 8.0f;
  EXPECT_NE(read()->hash, hash);
  metadata_.clear();
  tensors_["blk.0.ffn_down.weight.lora_b"] = floats({8, 256});
  EXPECT_NE(read()->hash, hash);
}

TEST_F(AdapterTest, RefusesWhatIsNoLoraAdapter) {
  metadata_["general.type"] = std::string_view("model");
  expect_error(ErrorCode::kUnsupported, "'general.type' is 'model', not 'adapter'");
  metadata_ = {{"adapter.type", gguf::Value(std::string_view("control_vector"))}};
  expect_error(ErrorCode::kUnsupported, "'adapter.type' is 'control_vector', not 'lora'");
  metadata_ = {{"adapter.type", gguf::Value(uint32_t{3})}};
  expect_error(ErrorCode::kCorrupt, "must be a string");
}

TEST_F(AdapterTest, RefusesAnAlphaThatIsNoPositiveNumber) {
  for (const float alpha :
       {0.0f, -1.0f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    metadata_["adapter.lora.alpha"] = alpha;
    expect_error(ErrorCode::kCorrupt, "must be a positive number");
  }
  metadata_["adapter.lora.alpha"] = std::nullopt;
  expect_error(ErrorCode::kCorrupt, "adapter.lora.alpha");
}

TEST_F(AdapterTest, RefusesAnotherModelsAdapter) {
  metadata_["general.architecture"] = std::string_view("qwen2");
  expect_error(ErrorCode::kInvalidArgument, "architecture 'qwen2', this one is 'llama'");
  metadata_ = {{"riposte.adapter.base_xxh64", gguf::Value(std::string_view("0123456789abcdef"))}};
  expect_error(ErrorCode::kInvalidArgument,
               "the hash '0123456789abcdef', this one has '" + base_hash(weights_) + "'");
  metadata_.clear();
  tensors_["blk.0.attn_k.weight.lora_a"] = floats({128, 8});
  expect_error(ErrorCode::kInvalidArgument, "it makes 128 values of 'blk.0.attn_k.weight' out of 128");
  tensors_ = {{"blk.0.attn_k.weight.lora_b", floats({8, 256})}};
  expect_error(ErrorCode::kInvalidArgument, "that matrix is [256, 128]");
  tensors_ = {{"blk.2.attn_k.weight.lora_a", floats({256, 8})},
              {"blk.2.attn_k.weight.lora_b", floats({8, 128})}};
  expect_error(ErrorCode::kInvalidArgument, "this model has 2 blocks");
}

TEST_F(AdapterTest, RefusesHalfAPairAndPairsThatDoNotFitTogether) {
  tensors_["blk.0.attn_k.weight.lora_b"] = std::nullopt;
  expect_error(ErrorCode::kCorrupt, "no lora_b");
  tensors_ = {{"blk.0.attn_k.weight.lora_a", std::nullopt}};
  expect_error(ErrorCode::kCorrupt, "no lora_a");
  tensors_ = {{"blk.0.attn_k.weight.lora_b", floats({9, 128})}};
  expect_error(ErrorCode::kCorrupt, "lora_a has the rank 8, but lora_b 9");
  tensors_ = {{"blk.0.attn_k.weight.lora_a", floats({256, 400})},
              {"blk.0.attn_k.weight.lora_b", floats({400, 128})}};
  expect_error(ErrorCode::kCorrupt, "the rank is 400");
}

TEST_F(AdapterTest, RefusesTensorsThatItCannotUse) {
  tensors_["token_embd.weight.lora_a"] = floats({256, 8});
  tensors_["token_embd.weight.lora_b"] = floats({8, 300});
  expect_error(ErrorCode::kUnsupported, "'token_embd.weight'");
  tensors_ = {{"blk.0.attn_norm.weight", floats({256})}};
  expect_error(ErrorCode::kUnsupported, "neither a lora_a nor a lora_b");
  tensors_ = {{"blk.0.attn_k.weight.lora_a", floats({256, 4, 2})}};
  expect_error(ErrorCode::kCorrupt, "3 dimensions");
  tensors_ = {{"blk.0.attn_k.weight.lora_a",
               Tensor{gguf::TensorType::kQ4_0, {256, 8}, std::vector<std::byte>(8 * 8 * 18)}}};
  expect_error(ErrorCode::kUnsupported, "is Q4_0");
  tensors_.clear();
  keeps_others_ = false;
  expect_error(ErrorCode::kCorrupt, "no tensors");
}

TEST_F(AdapterTest, RefusesValuesThatAreNotFinite) {
  for (const char* side : {"lora_a", "lora_b"}) {
    const std::string name = std::string("blk.1.attn_q.weight.") + side;
    Tensor tensor = side[5] == 'a' ? floats({256, 8}) : floats({8, 256});
    const float bad = std::numeric_limits<float>::quiet_NaN();
    std::memcpy(tensor.data.data() + tensor.data.size() - sizeof bad, &bad, sizeof bad);
    tensors_ = {{name, tensor}};
    expect_error(ErrorCode::kCorrupt, "'" + name + "' holds nan");
  }
}

TEST_F(AdapterTest, RefusesAPurposeThatIsIncomplete) {
  metadata_["riposte.adapter.preset"] = std::string_view("grammar");
  expect_error(ErrorCode::kCorrupt, "'riposte.adapter.prompt' must contain {text} exactly once");
  metadata_["riposte.adapter.prompt"] = std::string_view("{text} and {text}");
  expect_error(ErrorCode::kCorrupt, "exactly once");
  metadata_["riposte.adapter.prompt"] = std::string_view("{text}");
  metadata_["riposte.adapter.preset"] = std::string_view("my grammar");
  expect_error(ErrorCode::kCorrupt, "'riposte.adapter.preset' is 'my grammar'");
  metadata_["riposte.adapter.preset"] = std::nullopt;
  expect_error(ErrorCode::kCorrupt, "come together");
}

TEST(Adapter, TheHashOfABaseIsThatOfTheIndependentReference) {
  for (const char* architecture : {"llama", "qwen2", "qwen3", "gemma3"}) {
    SCOPED_TRACE(architecture);
    const auto model = Model::open(kModels / (std::string(architecture) + ".gguf"));
    ASSERT_TRUE(model) << model.error().message;
    // The file names the hash that the script computed.
    const auto adapter = Adapter::open(kModels / (std::string(architecture) + ".adapter.gguf"), **model);
    EXPECT_TRUE(adapter) << adapter.error().message;
  }
}

TEST(Adapter, AnErrorNamesTheFile) {
  const auto model = Model::open(kModels / "llama.gguf");
  ASSERT_TRUE(model) << model.error().message;
  for (const char* file : {"nowhere.gguf", "llama.gguf", "qwen2.adapter.gguf"}) {
    const auto adapter = Adapter::open(kModels / file, **model);
    ASSERT_FALSE(adapter);
    EXPECT_THAT(adapter.error().message, HasSubstr(file));
  }
}

}  // namespace
}  // namespace riposte::model
