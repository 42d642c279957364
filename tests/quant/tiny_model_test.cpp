// The made models that other tests stand on must themselves be sound.
#include "support/tiny_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "gguf/file.h"
#include "quant/decode.h"

namespace riposte::support {
namespace {

using gguf::TensorType;

class TinyModelTest : public testing::TestWithParam<TensorType> {};

TEST_P(TinyModelTest, HasWeightsOfOrdinarySizeInEveryType) {
  const auto bytes = make_tiny_gguf({.matrices = GetParam(), .embedding = GetParam(), .output = GetParam()});
  const auto file = gguf::File::parse(bytes);
  ASSERT_TRUE(file) << file.error().message;
  for (const gguf::Tensor& tensor : file->tensors()) {
    if (tensor.shape.size() == 1) continue;
    EXPECT_EQ(tensor.type, GetParam()) << tensor.name;
    std::vector<float> values(tensor.columns() * tensor.rows());
    quant::decode(tensor.type, tensor.data, values);
    double sum = 0.0, sum_of_squares = 0.0;
    for (const float value : values) {
      sum += value;
      sum_of_squares += static_cast<double>(value) * value;
    }
    const bool vocabulary = tensor.name == "token_embd.weight" || tensor.name == "output.weight";
    const double expected = (vocabulary ? 3.0 : 1.0) / std::sqrt(static_cast<double>(tensor.columns()));
    const double count = static_cast<double>(values.size());
    EXPECT_NEAR(std::sqrt(sum_of_squares / count), expected, 0.1 * expected) << tensor.name;
    // Types without a minimum have one more negative value than positive ones, so their mean is off by half a
    // step.
    EXPECT_NEAR(sum / count, 0.0, 0.15 * expected) << tensor.name;
  }
}

INSTANTIATE_TEST_SUITE_P(EveryType, TinyModelTest,
                         testing::Values(TensorType::kF32, TensorType::kF16, TensorType::kBF16,
                                         TensorType::kQ4_0, TensorType::kQ4_1, TensorType::kQ5_0,
                                         TensorType::kQ5_1, TensorType::kQ8_0, TensorType::kQ2_K,
                                         TensorType::kQ3_K, TensorType::kQ4_K, TensorType::kQ5_K,
                                         TensorType::kQ6_K),
                         [](const auto& type) { return std::string(gguf::name_of(type.param)); });

TEST(TinyModel, HasTheTensorsOfItsArchitecture) {
  const auto has = [](const std::string& architecture, std::string_view tensor) {
    const auto bytes = make_tiny_gguf({.architecture = architecture});
    const auto file = gguf::File::parse(bytes);
    return file && file->find_tensor(tensor) != nullptr;
  };
  for (const char* architecture : {"llama", "qwen2", "qwen3", "gemma3"}) {
    EXPECT_TRUE(has(architecture, "blk.1.ffn_down.weight")) << architecture;
    EXPECT_FALSE(has(architecture, "output.weight")) << architecture;
    EXPECT_EQ(has(architecture, "blk.0.attn_k.bias"), std::string(architecture) == "qwen2");
    EXPECT_EQ(has(architecture, "blk.6.post_ffw_norm.weight"), std::string(architecture) == "gemma3");
  }
  EXPECT_TRUE(has("qwen3", "blk.0.attn_q_norm.weight"));
}

TEST(TinyModel, TakesTypesByTheNameOfATensor) {
  const auto bytes =
      make_tiny_gguf({.matrices = TensorType::kQ4_K,
                      .types = {{"ffn_down", TensorType::kQ6_K}, {"blk.1.attn_v", TensorType::kF16}}});
  const auto file = gguf::File::parse(bytes);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->find_tensor("blk.0.ffn_down.weight")->type, TensorType::kQ6_K);
  EXPECT_EQ(file->find_tensor("blk.0.attn_v.weight")->type, TensorType::kQ4_K);
  EXPECT_EQ(file->find_tensor("blk.1.attn_v.weight")->type, TensorType::kF16);
}

TEST(TinyModel, IsAFunctionOfItsOptions) {
  EXPECT_EQ(make_tiny_gguf(), make_tiny_gguf());
  EXPECT_NE(make_tiny_gguf({.seed = 1}), make_tiny_gguf({.seed = 2}));
}

TEST(TinyModel, HasVocabulariesWithoutDuplicatesWhoseMergesAreTokens) {
  for (const auto kind : {TinyVocabulary::kByteLevelBpe, TinyVocabulary::kSentencePiece}) {
    const auto bytes = make_tiny_gguf({.vocabulary = kind, .unused_tokens = 10});
    const auto file = gguf::File::parse(bytes);
    ASSERT_TRUE(file) << file.error().message;
    const auto tokens = file->get_strings("tokenizer.ggml.tokens").value();
    const std::set<std::string_view> unique(tokens.begin(), tokens.end());
    EXPECT_EQ(unique.size(), tokens.size());
    EXPECT_EQ(file->find_tensor("token_embd.weight")->rows(), tokens.size());
    EXPECT_EQ(file->get_ints("tokenizer.ggml.token_type").value().size(), tokens.size());
    if (kind == TinyVocabulary::kSentencePiece) continue;
    const auto merges = file->get_strings("tokenizer.ggml.merges").value();
    ASSERT_FALSE(merges.empty());
    for (const std::string_view merge : merges) {
      const size_t space = merge.find(' ');
      const std::string merged = std::string(merge.substr(0, space)) + std::string(merge.substr(space + 1));
      EXPECT_TRUE(unique.contains(merged)) << merge;
    }
  }
}

}  // namespace
}  // namespace riposte::support
