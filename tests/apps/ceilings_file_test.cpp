#include "apps/ceilings_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "hardware/processor.h"

namespace riposte::apps {
namespace {

namespace fs = std::filesystem;

// Never called: measuring is made up as well.
constexpr std::array kLoops = {hardware::PeakLoops{"plain", nullptr, nullptr, nullptr}};

hardware::Ceilings made_up(double memory = 1e-3) {
  hardware::Ceilings ceilings;
  ceilings.processor = hardware::processor_name();
  ceilings.threads = 1;
  ceilings.caches = {.l1 = 1, .l2 = 2, .l3 = 3};
  ceilings.memory = {memory, 2e-3};
  ceilings.l3 = {3e-3, 4e-3};
  ceilings.l2 = {5e-3, 6e-3};
  ceilings.l1 = {7e-3, 8e-3};
  ceilings.multiply = {{"plain", {9e-3, 10e-3}, {11e-3, 12e-3}}};
  ceilings.barrier_ns = 13;
  return ceilings;
}

class CeilingsFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("riposte_ceilings_" + std::to_string(getpid()) + "_" +
                                           testing::UnitTest::GetInstance()->current_test_info()->name());
    file_ = folder_ / "state/machine.json";
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& text) {
    fs::create_directories(file_.parent_path());
    std::ofstream(file_, std::ios::binary) << text;
  }
  std::string content() {
    std::ifstream file(file_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  hardware::Ceilings find(bool fresh = false) {
    return find_ceilings(file_, team_, kLoops, fresh,
                         [this](auto&, auto) { return ++measured_, made_up(kMeasured); });
  }
  bool found_in_file(bool fresh = false) {
    const int before = measured_;
    find(fresh);
    return measured_ == before;
  }

  static constexpr double kMeasured = 50;
  int measured_ = 0;
  fs::path folder_, file_;
  hardware::ThreadTeam team_{1};
};

TEST_F(CeilingsFile, KeepsEveryFigure) {
  const auto back = ceilings_from_json(to_json(made_up()));
  ASSERT_TRUE(back);
  EXPECT_EQ(to_json(*back), to_json(made_up()));
  EXPECT_EQ(back->caches.l3, 3u);
  EXPECT_EQ(back->multiply[0].float32.all_threads, 12e-3);
  EXPECT_EQ(back->barrier_ns, 13);
}

TEST_F(CeilingsFile, IsUsedInsteadOfMeasuringAndMeasuredAgainOnDemand) {
  write(to_json(made_up()));
  EXPECT_TRUE(found_in_file());
  EXPECT_EQ(find().memory.one_thread, made_up().memory.one_thread);
  EXPECT_FALSE(found_in_file(/*fresh=*/true));
  EXPECT_EQ(ceilings_from_json(content())->memory.one_thread,
            kMeasured);  // the fresh figures have replaced it
}

TEST_F(CeilingsFile, IsWrittenOnceMeasured) {
  EXPECT_FALSE(found_in_file());
  const auto kept = ceilings_from_json(content());
  ASSERT_TRUE(kept);
  EXPECT_EQ(to_json(*kept), to_json(made_up(kMeasured)));
  find();
  EXPECT_EQ(measured_, 1);
  // Nothing else is left beside it.
  EXPECT_EQ(std::distance(fs::directory_iterator(file_.parent_path()), {}), 1);
}

TEST_F(CeilingsFile, OfAnotherMachineIsMeasuredAgain) {
  auto other = made_up();
  other.processor = "another";
  write(to_json(other));
  EXPECT_FALSE(found_in_file());
  EXPECT_TRUE(found_in_file());
  other = made_up();
  other.threads = 2;
  write(to_json(other));
  EXPECT_FALSE(found_in_file());
  other = made_up();
  other.multiply[0].instruction_set = "another";
  write(to_json(other));
  EXPECT_FALSE(found_in_file());
}

TEST_F(CeilingsFile, CutOffAnywhereIsNotRead) {
  const std::string whole = to_json(made_up());
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(ceilings_from_json(whole.substr(0, length))) << length;
  }
}

TEST_F(CeilingsFile, WithAnyMemberMissingOrOfAnotherKindIsNotRead) {
  const std::string whole = to_json(made_up());
  for (size_t at = 0; (at = whole.find('"', at)) != std::string::npos; ++at) {
    std::string changed = whole;
    changed.insert(at + 1, 1, 'x');  // another name, another processor, or no JSON any more
    const auto read_back = ceilings_from_json(changed);
    if (read_back) {
      // Only texts may differ: a processor or an instruction set that is not ours.
      EXPECT_TRUE(read_back->processor != made_up().processor ||
                  read_back->multiply[0].instruction_set != "plain")
          << changed;
    }
  }
}

TEST_F(CeilingsFile, WithAbsurdFiguresIsNotRead) {
  for (const auto& [from, to] : {std::pair{"1E-3", "-1E-3"},
                                 {"1E-3", "0"},
                                 {"1E-3", "null"},
                                 {"1E-3", "1e999"},
                                 {"\"threads\":1", "\"threads\":0"},
                                 {"\"threads\":1", "\"threads\":99999999999"},
                                 {"\"version\":1", "\"version\":0"},
                                 {"\"riposte\":\"", "\"riposte\":\"9"},
                                 {"\"l3\":3", "\"l3\":-3"}}) {
    std::string text = to_json(made_up());
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, std::string(from).size(), to);
    EXPECT_FALSE(ceilings_from_json(text)) << text;
  }
}

TEST_F(CeilingsFile, ThatIsDamagedIsMeasuredAgainAndReplaced) {
  for (const std::string& garbage : {std::string("{"), std::string("[]"), std::string("\0\xff\xfe", 3),
                                     std::string(2 << 20, ' '), std::string(100'000, '[')}) {
    write(garbage);
    EXPECT_FALSE(found_in_file());
    EXPECT_TRUE(ceilings_from_json(content()));
  }
}

TEST_F(CeilingsFile, ThatCannotBeWrittenIsNoError) {
  // A file stands where the folder should be: no folder can be made there, whoever asks.
  fs::create_directories(folder_);
  std::ofstream(folder_ / "state") << "in the way";
  EXPECT_FALSE(found_in_file());
  // A folder stands where the file should be.
  fs::remove(folder_ / "state");
  fs::create_directories(file_);
  EXPECT_FALSE(found_in_file());
  EXPECT_TRUE(fs::is_directory(file_));
}

}  // namespace
}  // namespace riposte::apps
