#include "model/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string_view>

#include "model/changed_model.h"

namespace riposte::model {
namespace {

using testing::HasSubstr;

ModelConfig config_of(ChangedModel& changed) {
  const gguf::File file = changed.parse();
  const Result<ModelConfig> config = read_config(file);
  EXPECT_TRUE(config) << config.error().message;
  return config.value_or(ModelConfig{});
}

ModelConfig config_of(const std::string& architecture) {
  ChangedModel unchanged({.architecture = architecture});
  return config_of(unchanged);
}

void expect_error(ChangedModel& changed, ErrorCode code, std::string_view message_part) {
  const gguf::File file = changed.parse();
  const Result<ModelConfig> config = read_config(file);
  ASSERT_FALSE(config) << "expected: " << message_part;
  EXPECT_EQ(config.error().code, code) << config.error().message;
  EXPECT_THAT(config.error().message, HasSubstr(std::string(message_part)));
}

TEST(ReadConfig, TakesTheSizesFromTheFile) {
  const ModelConfig config = config_of("llama");
  EXPECT_EQ(config.architecture, "llama");
  EXPECT_EQ(config.name, "Tiny");
  EXPECT_EQ(config.layers, 2);
  EXPECT_EQ(config.hidden, 256);
  EXPECT_EQ(config.heads, 4);
  EXPECT_EQ(config.kv_heads, 2);
  EXPECT_EQ(config.head_size, 64);
  EXPECT_EQ(config.feed_forward, 512);
  EXPECT_EQ(config.context_length, 512);
  EXPECT_GT(config.vocabulary, 300);
  EXPECT_FLOAT_EQ(config.norm_epsilon, 1e-6f);
  EXPECT_DOUBLE_EQ(config.rope_base, 1e5);
  EXPECT_FLOAT_EQ(config.attention_scale, 0.125f);
}

TEST(ReadConfig, LlamaTurnsNeighboursAndHasNeitherBiasesNorHeadNorms) {
  const ModelConfig config = config_of("llama");
  EXPECT_EQ(config.rope_pairs, RopePairs::kAdjacent);
  EXPECT_EQ(config.activation, Activation::kSilu);
  EXPECT_FALSE(config.qkv_bias);
  EXPECT_FALSE(config.qk_norm);
  EXPECT_FALSE(config.post_norms);
  EXPECT_EQ(config.embedding_scale, 1.0f);
  EXPECT_FALSE(config.is_local(0));
}

TEST(ReadConfig, LlamaHasBiasesWhereTheFileHas) {
  ChangedModel changed;
  changed.set_tensor("blk.0.attn_q.bias", {256});
  EXPECT_TRUE(config_of(changed).qkv_bias);
}

TEST(ReadConfig, Qwen2HasBiases) {
  const ModelConfig config = config_of("qwen2");
  EXPECT_EQ(config.rope_pairs, RopePairs::kHalves);
  EXPECT_TRUE(config.qkv_bias);
  EXPECT_FALSE(config.qk_norm);
}

TEST(ReadConfig, Qwen3HasHeadNorms) {
  const ModelConfig config = config_of("qwen3");
  EXPECT_EQ(config.rope_pairs, RopePairs::kHalves);
  EXPECT_FALSE(config.qkv_bias);
  EXPECT_TRUE(config.qk_norm);
  EXPECT_FALSE(config.post_norms);
}

TEST(ReadConfig, Gemma3HasWindowsInAllLayersButEverySixth) {
  const ModelConfig config = config_of("gemma3");
  EXPECT_EQ(config.activation, Activation::kGeluTanh);
  EXPECT_TRUE(config.qk_norm);
  EXPECT_TRUE(config.post_norms);
  EXPECT_EQ(config.embedding_scale, 16.0f);
  EXPECT_EQ(config.sliding_window, 16);
  EXPECT_DOUBLE_EQ(config.rope_base, 1e6);
  EXPECT_DOUBLE_EQ(config.rope_base_local, 1e4);
  for (const int32_t layer : {0, 1, 2, 3, 4, 6}) EXPECT_TRUE(config.is_local(layer)) << layer;
  EXPECT_FALSE(config.is_local(5));
}

TEST(ReadConfig, TheFileMaySayWhichLayersHaveWindows) {
  ChangedModel changed({.architecture = "gemma3"});
  changed.set("gemma3.attention.sliding_window_pattern", uint32_t{2})
      .set("gemma3.rope.freq_base_swa", 5000.0f);
  const ModelConfig config = config_of(changed);
  EXPECT_TRUE(config.is_local(0));
  EXPECT_FALSE(config.is_local(1));
  EXPECT_DOUBLE_EQ(config.rope_base_local, 5000.0);
}

TEST(ReadConfig, TheLargestGemma3DividesScoresByTheWidthOfHiddenForAHead) {
  ChangedModel changed({.architecture = "gemma3"});
  changed.set("gemma3.block_count", uint32_t{62}).set("gemma3.attention.head_count", uint32_t{2});
  EXPECT_FLOAT_EQ(config_of(changed).attention_scale, 1.0f / std::sqrt(128.0f));
}

TEST(ReadConfig, ThereAreAsManyKeyHeadsAsHeadsUnlessTheFileSaysOtherwise) {
  ChangedModel changed;
  changed.remove("llama.attention.head_count_kv");
  EXPECT_EQ(config_of(changed).kv_heads, 4);
}

TEST(ReadConfig, LinearRopeScalingDividesPositions) {
  ChangedModel changed;
  changed.set("llama.rope.scaling.type", "linear").set("llama.rope.scaling.factor", 8.0f);
  EXPECT_DOUBLE_EQ(config_of(changed).rope_scale, 8.0);
}

TEST(ReadConfig, RopeScalingNoneIgnoresAFactor) {
  ChangedModel changed;
  changed.set("llama.rope.scaling.type", "none").set("llama.rope.scaling.factor", 8.0f);
  EXPECT_DOUBLE_EQ(config_of(changed).rope_scale, 1.0);
}

TEST(ReadConfig, NamesAnUnknownArchitectureAndThoseThatAreSupported) {
  ChangedModel changed;
  changed.set("general.architecture", "mamba");
  expect_error(changed, ErrorCode::kUnsupported,
               "'mamba' is not known; Riposte runs llama, qwen2, qwen3, gemma3");
}

TEST(ReadConfig, AMissingKeyIsNamed) {
  for (const std::string key : {"general.architecture", "llama.block_count", "llama.context_length",
                                "llama.embedding_length", "llama.feed_forward_length",
                                "llama.attention.head_count", "llama.attention.layer_norm_rms_epsilon"}) {
    ChangedModel changed;
    changed.remove(key);
    expect_error(changed, ErrorCode::kCorrupt, key);
  }
}

TEST(ReadConfig, AbsurdSizesAreNamedWithTheirRange) {
  const std::pair<std::string, gguf::Value> absurd[] = {
      {"llama.block_count", uint32_t{0}},
      {"llama.block_count", uint32_t{4000000000}},
      {"llama.embedding_length", int32_t{-256}},
      {"llama.embedding_length", uint64_t{1} << 40},
      {"llama.feed_forward_length", uint32_t{0}},
      {"llama.context_length", uint32_t{0}},
      {"llama.context_length", std::numeric_limits<uint64_t>::max()},
      {"llama.attention.head_count", uint32_t{0}},
      {"llama.attention.head_count_kv", uint32_t{0}},
      {"llama.attention.key_length", uint32_t{0}},
      {"llama.attention.layer_norm_rms_epsilon", 0.0f},
      {"llama.attention.layer_norm_rms_epsilon", -1.0f},
      {"llama.attention.layer_norm_rms_epsilon", std::numeric_limits<float>::quiet_NaN()},
      {"llama.attention.layer_norm_rms_epsilon", std::numeric_limits<float>::infinity()},
      {"llama.rope.freq_base", 0.0f},
      {"llama.rope.freq_base", std::numeric_limits<float>::quiet_NaN()},
      {"llama.attention.scale", -1.0f},
  };
  for (const auto& [key, value] : absurd) {
    ChangedModel changed;
    changed.set(key, value);
    expect_error(changed, ErrorCode::kCorrupt, key);
  }
}

TEST(ReadConfig, AValueOfTheWrongKindIsNamed) {
  ChangedModel changed;
  changed.set("llama.block_count", "two");
  expect_error(changed, ErrorCode::kCorrupt, "llama.block_count");
}

TEST(ReadConfig, KeyHeadsMustDivideHeads) {
  ChangedModel changed;
  changed.set("llama.attention.head_count_kv", uint32_t{3});
  expect_error(changed, ErrorCode::kCorrupt, "which 'llama.attention.head_count_kv' (3) does not divide");
}

TEST(ReadConfig, HeadsMustDivideHiddenWhereTheirSizeIsNotGiven) {
  ChangedModel changed;
  changed.set("llama.attention.head_count", uint32_t{6});
  expect_error(changed, ErrorCode::kCorrupt, "no multiple of 'llama.attention.head_count' (6)");
}

TEST(ReadConfig, AHeadNeedsAnEvenNumberOfElements) {
  ChangedModel changed({.architecture = "qwen3"});
  changed.set("qwen3.attention.key_length", uint32_t{63}).set("qwen3.attention.value_length", uint32_t{63});
  expect_error(changed, ErrorCode::kCorrupt, "4 heads of 63 elements");
}

TEST(ReadConfig, KeysAndValuesMustBeAsLong) {
  ChangedModel changed({.architecture = "qwen3"});
  changed.set("qwen3.attention.value_length", uint32_t{32});
  expect_error(changed, ErrorCode::kUnsupported, "keys of 64 and values of 32 elements");
}

TEST(ReadConfig, PartlyRotatedHeadsAreUnsupported) {
  ChangedModel changed;
  changed.set("llama.rope.dimension_count", uint32_t{32});
  expect_error(changed, ErrorCode::kUnsupported, "over 32 of the 64 elements");
}

TEST(ReadConfig, OtherRopeScalingsAreUnsupportedByName) {
  for (const std::string_view name : {"yarn", "longrope"}) {
    ChangedModel changed;
    changed.set("llama.rope.scaling.type", name);
    expect_error(changed, ErrorCode::kUnsupported, name);
  }
}

TEST(ReadConfig, MixturesOfExpertsAndSoftCappingAreUnsupported) {
  ChangedModel experts;
  experts.set("llama.expert_count", uint32_t{8});
  expect_error(experts, ErrorCode::kUnsupported, "llama.expert_count");
  ChangedModel capped({.architecture = "gemma3"});
  capped.set("gemma3.final_logit_softcapping", 30.0f);
  expect_error(capped, ErrorCode::kUnsupported, "gemma3.final_logit_softcapping");
}

TEST(ReadConfig, AFileWithoutAnEmbeddingIsNoModel) {
  ChangedModel changed;
  changed.remove_tensor("token_embd.weight");
  expect_error(changed, ErrorCode::kCorrupt, "'token_embd.weight' is missing");
}

}  // namespace
}  // namespace riposte::model
