#include "model/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "model/changed_model.h"

namespace riposte::model {
namespace {

using testing::HasSubstr;

class ModelOpen : public testing::Test {
 protected:
  ~ModelOpen() override { std::filesystem::remove(path_); }

  void write(const std::vector<std::byte>& bytes, size_t size) {
    std::ofstream(path_, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(size));
  }
  void write(const std::vector<std::byte>& bytes) { write(bytes, bytes.size()); }

  const std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / fmt::format("riposte_model_test_{}.gguf", getpid());
};

TEST_F(ModelOpen, GivesConfigurationWeightsTokeniserAndTemplate) {
  for (const std::string architecture : {"llama", "qwen2", "qwen3", "gemma3"}) {
    ASSERT_TRUE(support::write_tiny_gguf(path_, {.architecture = architecture}));
    const auto model = Model::open(path_);
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ((*model)->config.architecture, architecture);
    EXPECT_EQ((*model)->weights.layers.size(), static_cast<size_t>((*model)->config.layers));
    EXPECT_EQ((*model)->tokenizer.vocabulary_size(), static_cast<size_t>((*model)->config.vocabulary));
    EXPECT_FALSE((*model)->chat_template.empty());
  }
}

TEST_F(ModelOpen, AModelMayHaveNoTemplate) {
  ASSERT_TRUE(support::write_tiny_gguf(path_, {.chat_template = ""}));
  const auto model = Model::open(path_);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_TRUE((*model)->chat_template.empty());
}

TEST_F(ModelOpen, ErrorsBeginWithThePath) {
  ChangedModel changed;
  write(changed.set("general.architecture", "mamba").bytes());
  const auto model = Model::open(path_);
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(model.error().message, testing::StartsWith(path_.string() + ": "));
}

TEST_F(ModelOpen, AFileThatIsNotThereIsNotFound) {
  const auto model = Model::open("/nowhere/model.gguf");
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(model.error().message, HasSubstr("/nowhere/model.gguf"));
}

TEST_F(ModelOpen, AFileCutOffAnywhereIsAnError) {
  const std::vector<std::byte> whole = ChangedModel().bytes();
  for (int part = 0; part < 50; ++part) {
    write(whole, whole.size() * static_cast<size_t>(part) / 50);
    EXPECT_FALSE(Model::open(path_)) << part << " of 50 parts";
  }
}

TEST_F(ModelOpen, ATokeniserMayNotKnowMoreTokensThanTheModel) {
  ChangedModel changed;
  write(changed.set_tensor("token_embd.weight", {256, 100}).bytes());
  const auto model = Model::open(path_);
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(model.error().message, HasSubstr("'token_embd.weight' only 100 rows"));
}

TEST_F(ModelOpen, ATemplateMustBeText) {
  ChangedModel changed;
  write(changed.set("tokenizer.chat_template", uint32_t{1}).bytes());
  const auto model = Model::open(path_);
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().message, HasSubstr("tokenizer.chat_template"));
}

}  // namespace
}  // namespace riposte::model
