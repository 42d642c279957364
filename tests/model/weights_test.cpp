#include "model/weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "model/changed_model.h"

namespace riposte::model {
namespace {

using testing::HasSubstr;

Result<Weights> weights_of(const gguf::File& file) {
  const Result<ModelConfig> config = read_config(file);
  if (!config) return pass_on(config);
  return read_weights(file, *config);
}

void expect_error(ChangedModel& changed, ErrorCode code, std::string_view message_part) {
  const gguf::File file = changed.parse();
  const Result<Weights> weights = weights_of(file);
  ASSERT_FALSE(weights) << "expected: " << message_part;
  EXPECT_EQ(weights.error().code, code) << weights.error().message;
  EXPECT_THAT(weights.error().message, HasSubstr(std::string(message_part)));
}

TEST(ReadWeights, FindsEveryTensorOfEveryArchitecture) {
  for (const std::string architecture : {"llama", "qwen2", "qwen3", "gemma3"}) {
    SCOPED_TRACE(architecture);
    ChangedModel unchanged({.architecture = architecture});
    const gguf::File file = unchanged.parse();
    const Result<Weights> weights = weights_of(file);
    ASSERT_TRUE(weights) << weights.error().message;
    const bool gemma = architecture == "gemma3";
    const bool head_norms = gemma || architecture == "qwen3";
    ASSERT_EQ(weights->layers.size(), gemma ? 7u : 2u);
    for (const LayerWeights& layer : weights->layers) {
      EXPECT_EQ(layer.query.rows, 256);
      EXPECT_EQ(layer.key.rows, 128);
      EXPECT_EQ(layer.value.columns, 256);
      EXPECT_EQ(layer.down.columns, 512);
      EXPECT_EQ(layer.attention_norm.size(), 256);
      EXPECT_EQ(layer.key_bias.size(), architecture == "qwen2" ? 128 : 0);
      EXPECT_EQ(layer.query_norm.size(), head_norms ? 64 : 0);
      EXPECT_EQ(layer.post_feed_forward_norm.size(), gemma ? 256 : 0);
    }
  }
}

TEST(ReadWeights, TheEmbeddingIsTheOutputWhereTheFileTiesThem) {
  ChangedModel tied;
  const gguf::File file = tied.parse();
  const Result<Weights> weights = weights_of(file);
  ASSERT_TRUE(weights) << weights.error().message;
  EXPECT_EQ(weights->output.data.data(), weights->token_embedding.data.data());

  ChangedModel own({.output = gguf::TensorType::kQ4_0});
  const gguf::File own_file = own.parse();
  const Result<Weights> own_weights = weights_of(own_file);
  ASSERT_TRUE(own_weights) << own_weights.error().message;
  EXPECT_EQ(own_weights->output.type, gguf::TensorType::kQ4_0);
  EXPECT_EQ(own_weights->output.rows, own_weights->token_embedding.rows);
}

TEST(ReadWeights, ARowOfAMatrixIsItsShareOfTheData) {
  ChangedModel unchanged;
  const gguf::File file = unchanged.parse();
  const Result<Weights> weights = weights_of(file);
  ASSERT_TRUE(weights) << weights.error().message;
  const Matrix& matrix = weights->layers[1].down;
  EXPECT_EQ(matrix.row_bytes(), 512 / 32 * 34);  // Q8_0
  EXPECT_EQ(matrix.row(3).data(), matrix.data.data() + 3 * matrix.row_bytes());
  EXPECT_EQ(matrix.row(255).data() + matrix.row_bytes(), matrix.data.data() + matrix.data.size());
}

TEST(ReadWeights, ReadsTheFactorsOfRope) {
  ChangedModel changed;
  changed.set_tensor("rope_freqs.weight", {32}, 4.0f);
  const gguf::File file = changed.parse();
  const Result<Weights> weights = weights_of(file);
  ASSERT_TRUE(weights) << weights.error().message;
  EXPECT_THAT(weights->rope_factors, testing::Each(4.0f));
  EXPECT_EQ(weights->rope_factors.size(), 32);
}

TEST(ReadWeights, FactorsOfRopeMustBePositive) {
  for (const float factor : {0.0f, -1.0f, std::numeric_limits<float>::quiet_NaN()}) {
    ChangedModel changed;
    changed.set_tensor("rope_freqs.weight", {32}, factor);
    expect_error(changed, ErrorCode::kCorrupt, "rope_freqs.weight");
  }
}

TEST(ReadWeights, AMissingTensorIsNamed) {
  for (const std::string name :
       {"output_norm.weight", "blk.0.attn_norm.weight", "blk.1.attn_q.weight", "blk.1.attn_k.weight",
        "blk.0.attn_v.weight", "blk.0.attn_output.weight", "blk.0.ffn_norm.weight", "blk.1.ffn_gate.weight",
        "blk.0.ffn_up.weight", "blk.1.ffn_down.weight", "blk.0.attn_q_norm.weight",
        "blk.0.attn_k_norm.weight", "blk.3.post_attention_norm.weight", "blk.6.post_ffw_norm.weight"}) {
    ChangedModel changed({.architecture = "gemma3"});
    changed.remove_tensor(name);
    expect_error(changed, ErrorCode::kCorrupt, "the tensor '" + name + "' is missing");
  }
  ChangedModel without_bias({.architecture = "qwen2"});
  without_bias.remove_tensor("blk.1.attn_k.bias");
  expect_error(without_bias, ErrorCode::kCorrupt, "the tensor 'blk.1.attn_k.bias' is missing");
}

TEST(ReadWeights, AWrongShapeIsNamedBesideTheRightOne) {
  ChangedModel matrix;
  matrix.set_tensor("blk.0.ffn_up.weight", {512, 256});
  expect_error(
      matrix, ErrorCode::kCorrupt,
      "'blk.0.ffn_up.weight' has the shape [512, 256], but the model's configuration makes it [256, 512]");
  ChangedModel vector;
  vector.set_tensor("blk.1.attn_norm.weight", {255});
  expect_error(vector, ErrorCode::kCorrupt,
               "has the shape [255], but the model's configuration makes it [256]");
  ChangedModel cube;
  cube.set_tensor("blk.0.attn_q.weight", {256, 128, 2});
  expect_error(cube, ErrorCode::kCorrupt, "has the shape [256, 128, 2]");
  ChangedModel output;
  output.set_tensor("output.weight", {256, 7});
  expect_error(output, ErrorCode::kCorrupt, "'output.weight' has the shape [256, 7]");
}

TEST(ReadWeights, ALayerThatTheFileDoesNotHaveIsMissed) {
  ChangedModel changed;
  changed.set("llama.block_count", uint32_t{3});
  expect_error(changed, ErrorCode::kCorrupt, "blk.2.");
}

TEST(ReadWeights, OtherTensorsDoNotMatterUnlessTheyAreBiases) {
  ChangedModel extra;
  extra.set_tensor("vision.patch.weight", {4});
  const gguf::File file = extra.parse();
  const Result<Weights> weights = weights_of(file);
  EXPECT_TRUE(weights) << weights.error().message;
  ChangedModel bias;
  bias.set_tensor("blk.0.attn_output.bias", {256});
  expect_error(bias, ErrorCode::kUnsupported, "'blk.0.attn_output.bias'");
}

}  // namespace
}  // namespace riposte::model
