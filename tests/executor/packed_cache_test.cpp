// A second start with packed weights from a file, and all that can be wrong with the file: never another
// answer.
#include "executor/cpu/packed_cache.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdlib>

#include "executor/cpu/merged_weights.h"
#include "executor/executors.h"
#include "executor/float_cases.h"
#include "executor/packed_cases.h"
#include "support/tiny_adapter.h"

namespace riposte::executor {
namespace {

namespace fs = std::filesystem;

class PackedCache : public testing::Test {
 protected:
  // One start: load, then wait for the writer, if there is one. True if the weights came from the file.
  bool start() {
    PackedWeights weights = load_or_pack(*model_, team_, packs_);
    EXPECT_TRUE(same_weights(weights, expected_));
    const bool from_file = !weights.writer.joinable();
    if (!from_file) weights.writer.join();
    return from_file;
  }

  TemporaryFolder folder_;
  hardware::ThreadTeam team_{2};
  std::shared_ptr<const model::Model> model_ = write_tiny_model(folder_.path() / "tiny.gguf");
  PackedWeights expected_ = pack_weights(model_->weights, team_);
  fs::path packs_ = folder_.path() / "state" / "packed";
  fs::path path_ = pack_path(packs_, model_->path);
};

TEST_F(PackedCache, TheFirstStartPacksAndTheSecondFindsTheFile) {
  EXPECT_FALSE(start());
  EXPECT_EQ(folder_.names(packs_), std::vector<std::string>{path_.filename()});
  EXPECT_TRUE(start());
  EXPECT_TRUE(start());
}

TEST_F(PackedCache, TheNameIsThatOfTheModelFileAndDiffersByItsFolder) {
  EXPECT_TRUE(path_.filename().string().starts_with("tiny-"));
  EXPECT_EQ(path_.extension(), ".pack");
  EXPECT_EQ(pack_path(packs_, folder_.path() / "." / "tiny.gguf"), path_);
  EXPECT_NE(pack_path(packs_, folder_.path() / "elsewhere" / "tiny.gguf"), path_);
  EXPECT_LT(pack_path(packs_, std::string(250, 'n') + ".gguf").filename().string().size(), 200u);
}

TEST_F(PackedCache, AnAnswerHasTheSameBitsFromTheFile) {
  const std::vector<TokenId> tokens = {5, 17, 2, 99, 43, 8};
  const auto logits = [&](const fs::path& folder, int threads) {
    hardware::ThreadTeam team(threads);
    ExecutorOptions options;
    options.packed_cache = folder;
    auto executor = make_cpu_executor(model_, team, options);
    EXPECT_TRUE(executor) << executor.error().message;
    return Sequence(**executor).logits(tokens, 4);
  };
  const auto expected = logits({}, 2);
  EXPECT_EQ(logits(packs_, 2), expected);
  ASSERT_TRUE(fs::exists(path_));
  EXPECT_EQ(logits(packs_, 2), expected);
  EXPECT_EQ(logits(packs_, 3), expected);
}

TEST_F(PackedCache, ADamagedFileIsReplaced) {
  EXPECT_FALSE(start());
  const std::string whole = read_bytes(path_);
  for (const size_t length : {size_t{0}, size_t{100}, whole.size() / 2, whole.size() - 1}) {
    fs::resize_file(path_, length);
    EXPECT_FALSE(start());
    EXPECT_EQ(read_bytes(path_), whole);
  }
  std::string damaged = whole;
  damaged.back() = static_cast<char>(damaged.back() ^ 4);
  write_bytes(path_, damaged);
  EXPECT_FALSE(start());
  EXPECT_TRUE(start());
}

TEST_F(PackedCache, AnotherModelUnderTheSameNameGetsAFileOfItsOwnInTheSamePlace) {
  EXPECT_FALSE(start());
  model_ = write_tiny_model(model_->path, 2);
  expected_ = pack_weights(model_->weights, team_);
  EXPECT_FALSE(start());
  EXPECT_TRUE(start());
  EXPECT_EQ(folder_.names(packs_).size(), 1u);
}

TEST_F(PackedCache, AFolderThatCannotBeMadeCostsOnlyTime) {
  write_bytes(folder_.path() / "state", "in the way");
  EXPECT_FALSE(start());
  EXPECT_FALSE(start());
}

TEST_F(PackedCache, AFileBeyondTheProcesssLimitCostsOnlyTime) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{100'000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  EXPECT_FALSE(start());
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_TRUE(folder_.names(packs_).empty());
  EXPECT_FALSE(start());
  EXPECT_TRUE(start());
}

TEST_F(PackedCache, AModelFileThatIsGoneIsPackedWithoutAFile) {
  fs::remove(model_->path);
  const PackedWeights weights = load_or_pack(*model_, team_, packs_);
  EXPECT_TRUE(same_weights(weights, expected_));
  EXPECT_FALSE(weights.writer.joinable());
  EXPECT_FALSE(fs::exists(packs_));
}

TEST_F(PackedCache, TheWriterMayOutliveTheLoaderButNotTheWeights) {
  { PackedWeights moved = load_or_pack(*model_, team_, packs_); }
  EXPECT_TRUE(fs::exists(path_));
}

// The same for the matrices of an adapter that is merged: a file of its own, of this adapter.
TEST_F(PackedCache, AMergedAdapterHasAFileOfItsOwn) {
  constexpr gguf::TensorType kType = gguf::TensorType::kQ4_1;
  const auto adapter_of = [&](const char* name, uint64_t seed) {
    const fs::path path = folder_.path() / name;
    EXPECT_TRUE(support::write_tiny_adapter(path, model_->path, {.rank = 32, .alpha = 64.0f, .seed = seed}));
    return *model::Adapter::open(path, *model_);
  };
  const auto adapter = adapter_of("a.gguf", 1), other = adapter_of("b.gguf", 2);
  ASSERT_NE(adapter->hash, other->hash);
  const auto merged = [&](const model::Adapter& one, bool from_file) {
    auto weights = load_or_merge(*model_, one, kType, team_, packs_);
    EXPECT_TRUE(weights) << weights.error().message;
    EXPECT_TRUE(same_weights(*weights, *pack_merged(one, model_->weights, kType, team_)));
    EXPECT_EQ(weights->writer.joinable(), !from_file);
    if (!from_file) weights->writer.join();
  };
  merged(*adapter, false);
  merged(*adapter, true);
  merged(*other, false);
  merged(*adapter, true);
  EXPECT_FALSE(start()) << "the model has a third file";
  EXPECT_EQ(folder_.names(packs_).size(), 3u);
  const fs::path path = pack_path(packs_, model_->path, *adapter);
  EXPECT_NE(path, path_);
  fs::copy_file(pack_path(packs_, model_->path, *other), path, fs::copy_options::overwrite_existing);
  merged(*adapter, false);  // another adapter's weights are not taken for these
}

}  // namespace
}  // namespace riposte::executor
