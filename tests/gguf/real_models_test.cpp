// The real models, where they are installed: what a fixed file is known to hold.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "gguf/file.h"

namespace riposte::gguf {
namespace {

std::filesystem::path models_folder() {
  if (const char* home = std::getenv("RIPOSTE_HOME")) return std::filesystem::path(home) / "models";
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home ? home : "") / ".cache/riposte/models";
}

struct Known {
  std::string file;
  std::string architecture;
  size_t metadata;
  size_t tensors;
  size_t vocabulary;
};

class RealModelTest : public testing::TestWithParam<Known> {};

TEST_P(RealModelTest, OpensWithEverythingInIt) {
  const Known& known = GetParam();
  const auto path = models_folder() / known.file;
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not installed";
  const auto file = File::open(path);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->get_string("general.architecture").value(), known.architecture);
  EXPECT_EQ(file->metadata().size(), known.metadata);
  EXPECT_EQ(file->tensors().size(), known.tensors);
  EXPECT_EQ(file->get_strings("tokenizer.ggml.tokens").value().size(), known.vocabulary);
  EXPECT_EQ(file->find_tensor("token_embd.weight")->rows(), known.vocabulary);
}

INSTANTIATE_TEST_SUITE_P(Default, RealModelTest,
                         testing::Values(Known{"smollm2-135m-instruct-q4_1.gguf", "llama", 33, 272, 49152},
                                         Known{"qwen2.5-coder-1.5b-instruct-q4_k_m.gguf", "qwen2", 26, 339,
                                               151936},
                                         Known{"gemma-3-270m-q4_k_m.gguf", "gemma3", 33, 236, 262144}),
                         [](const auto& known) { return known.param.architecture; });

}  // namespace
}  // namespace riposte::gguf
