#include "apps/step_cost.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

#include "support/fake_executor.h"

namespace riposte::apps {
namespace {

namespace fs = std::filesystem;

constexpr model::ExecutorLimits kLimits{.page_size = 16,
                                        .pages = 8,
                                        .max_rows = 64,
                                        .max_logit_rows = 64,
                                        .vocabulary = 50,
                                        .context_length = 100};

std::vector<int32_t> rows_of(const std::vector<StepTime>& times) {
  std::vector<int32_t> rows;
  for (const StepTime& time : times) rows.push_back(time.rows);
  return rows;
}

TEST(StepCost, AFastModelIsMeasuredAtAllRows) {
  testing::FakeExecutor executor(kLimits);
  const auto times = measure_step_times(executor, std::chrono::seconds(30));
  EXPECT_EQ(rows_of(times), (std::vector<int32_t>{1, 2, 4, 8, 16, 32}));
  for (const StepTime& time : times) EXPECT_GT(time.milliseconds, 0);
  EXPECT_EQ(executor.steps, 3 + 5 * 8) << "the context and two to warm up, then five rounds";
}

TEST(StepCost, WithoutTimeOnlyAPlainStepAndOneWithGuessesAreMeasured) {
  testing::FakeExecutor executor(kLimits);
  EXPECT_EQ(rows_of(measure_step_times(executor, std::chrono::milliseconds(0))),
            (std::vector<int32_t>{1, 8}));
  EXPECT_EQ(executor.steps, 3 + 2);
}

TEST(StepCost, AnExecutorThatCannotRunSuchStepsHasNoCurve) {
  testing::FakeExecutor executor(kLimits);
  executor.before_step = [](const model::StepBatch&) { return fail(ErrorCode::kInternal, "no"); };
  EXPECT_TRUE(measure_step_times(executor, std::chrono::milliseconds(100)).empty());
  model::ExecutorLimits limits = kLimits;
  limits.pages = 1;
  testing::FakeExecutor tiny(limits);
  EXPECT_TRUE(measure_step_times(tiny, std::chrono::milliseconds(100)).empty());
  limits = kLimits;
  limits.max_logit_rows = 4;
  testing::FakeExecutor narrow(limits);
  EXPECT_EQ(rows_of(measure_step_times(narrow, std::chrono::seconds(30))), (std::vector<int32_t>{1, 2, 4}));
}

TEST(StepCost, RowsBetweenTheMeasuredOnesLieOnStraightLines) {
  EXPECT_EQ(step_cost_of({{1, 10}, {2, 12}, {4, 20}}), (std::vector<float>{10, 12, 16, 20}));
  EXPECT_EQ(step_cost_of({{1, 10}, {3, 8}, {4, 11}}), (std::vector<float>{8, 8, 8, 11}))
      << "the first was disturbed";
  EXPECT_EQ(step_cost_of({{2, 5}, {3, 6}}), (std::vector<float>{5, 5, 6}));
  EXPECT_TRUE(step_cost_of({}).empty());
}

class StepCostFile : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("riposte_step_cost_" + std::to_string(getpid()) + "_" +
                                           ::testing::UnitTest::GetInstance()->current_test_info()->name());
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::vector<float> find(const StepCostKey& key) {
    return find_step_cost(folder_, key, [this]() -> std::vector<StepTime> {
      return {{1, 10.0}, {2, 20.0 + disturbance_[measured_++ % 3]}};
    });
  }
  fs::path only_file() const { return fs::directory_iterator(folder_)->path(); }

  const StepCostKey key_{"qwen", 7, "cpu avx2", 2};
  fs::path folder_;
  size_t measured_ = 0;
  std::array<double, 3> disturbance_ = {};  // of the first measurement, the second, ...
};

TEST_F(StepCostFile, IsMeasuredByThreeStartsAndThenKept) {
  for (const size_t measured : {1u, 2u, 3u, 3u, 3u}) {
    EXPECT_EQ(find(key_), (std::vector<float>{10, 20}));
    EXPECT_EQ(measured_, measured);
  }
}

TEST_F(StepCostFile, ABusyMachineDoesNotDecideForEver) {
  disturbance_ = {35, 5, 10};
  EXPECT_EQ(find(key_), (std::vector<float>{10, 55}));
  EXPECT_EQ(find(key_), (std::vector<float>{10, 25}));
  EXPECT_EQ(find(key_), (std::vector<float>{10, 25}));
  EXPECT_EQ(find(key_), (std::vector<float>{10, 25})) << "what is kept";
}

TEST_F(StepCostFile, AnotherModelShapeExecutorOrTeamIsMeasuredForItself) {
  find(key_);
  for (const StepCostKey& other :
       {StepCostKey{"gemma", 7, "cpu avx2", 2}, StepCostKey{"qwen", 8, "cpu avx2", 2},
        StepCostKey{"qwen", 7, "float", 2}, StepCostKey{"qwen", 7, "cpu avx2", 3}}) {
    const size_t before = measured_;
    find(other);
    EXPECT_EQ(measured_, before + 1);
  }
  EXPECT_EQ(find(key_), (std::vector<float>{10, 20})) << "and none takes another's place";
}

TEST_F(StepCostFile, ADamagedFileCostsNoMoreThanTheMeasuring) {
  find(key_);
  std::ifstream file(only_file());
  const std::string good(std::istreambuf_iterator<char>(file), {});
  std::vector<std::string> damaged = {"", "[]", "{}", good.substr(0, good.size() / 2),
                                      std::string(1000, '[')};
  const auto with = [&good](std::string_view part, std::string_view instead) {
    std::string text = good;
    text.replace(text.find(part), part.size(), instead);
    return text;
  };
  damaged.push_back(with("\"rows\":2", "\"rows\":1"));
  damaged.push_back(with("\"rows\":2", "\"rows\":2000000000"));
  damaged.push_back(with("\"rows\":2", "\"rows\":\"2\""));
  damaged.push_back(with("\"milliseconds\":1E1", "\"milliseconds\":-1"));
  damaged.push_back(with("\"milliseconds\":1E1", "\"milliseconds\":1e999"));
  damaged.push_back(with("\"version\":2", "\"version\":1"));
  damaged.push_back(with("\"starts\":1", "\"starts\":0"));
  damaged.push_back(with("\"starts\":1", "\"starts\":\"3\""));
  damaged.push_back(with("\"program\":\"", "\"program\":\"older "));
  for (const std::string& text : damaged) {
    std::ofstream(only_file()) << text;
    const size_t before = measured_;
    for (int start = 0; start < 4; ++start) EXPECT_EQ(find(key_), (std::vector<float>{10, 20}));
    EXPECT_EQ(measured_, before + 3) << "measured as if there were none, it is kept again: " << text;
  }
}

TEST_F(StepCostFile, AFolderThatCannotBeWrittenIsNoError) {
  std::ofstream(folder_.string()) << "a file";
  EXPECT_EQ(find(key_).size(), 2u);
}

}  // namespace
}  // namespace riposte::apps
