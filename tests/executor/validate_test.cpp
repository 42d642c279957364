#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "executor/validate.h"

namespace riposte::executor {
namespace {

using model::PageId;
using model::RowOutput;
using testing::HasSubstr;

// A batch that owns its arrays, valid as it begins: two sequences, one of which starts in its second page.
struct Batch {
  std::vector<TokenId> tokens = {1, 2, 3, 4};
  std::vector<int32_t> positions = {15, 0, 16, 17};
  std::vector<int32_t> sequences = {0, 1, 0, 0};
  std::vector<RowOutput> outputs = {RowOutput::kNone, RowOutput::kArgmax, RowOutput::kNone,
                                    RowOutput::kLogits};
  std::vector<std::vector<PageId>> pages = {{0, 1}, {2}};
  std::vector<std::vector<int32_t>> also_in = {};
  std::vector<model::AdapterId> adapters = {};

  Result<void> check(StepValidator& validator) const {
    const std::vector<std::span<const PageId>> tables(pages.begin(), pages.end());
    const std::vector<std::span<const int32_t>> also(also_in.begin(), also_in.end());
    return validator.check({tokens, positions, sequences, outputs, tables, also, adapters});
  }
};

// A text of three tokens, from the last slot of a page on, and two continuations: the row that both have in
// the second page is written into both.
Batch forked() {
  Batch batch;
  batch.tokens = {1, 2, 3, 4};
  batch.positions = {15, 16, 17, 17};
  batch.sequences = {0, 0, 0, 1};
  batch.pages = {{0, 1}, {0, 2}};
  batch.also_in = {{}, {1}, {}, {}};
  return batch;
}

class StepValidatorTest : public testing::Test {
 protected:
  void expect_refused(const Batch& batch, std::string_view message_part) {
    const Result<void> result = batch.check(validator_);
    ASSERT_FALSE(result) << "expected: " << message_part;
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(result.error().message, HasSubstr(std::string(message_part)));
    // Whatever was refused leaves no trace: a good batch is still good.
    EXPECT_TRUE(Batch{}.check(validator_));
  }

  StepValidator validator_{{.page_size = 16,
                            .pages = 4,
                            .max_rows = 5,
                            .max_logit_rows = 2,
                            .vocabulary = 10,
                            .context_length = 40,
                            .adapters = 2}};
};

TEST_F(StepValidatorTest, AcceptsSequencesInTurnAgainAndAgain) {
  for (int i = 0; i < 3; ++i) {
    const Result<void> result = Batch{}.check(validator_);
    EXPECT_TRUE(result) << result.error().message;
  }
}

TEST_F(StepValidatorTest, AcceptsAnEmptyStep) {
  EXPECT_TRUE(validator_.check({}));
}

TEST_F(StepValidatorTest, AcceptsASharedPageThatNobodyWrites) {
  Batch batch;
  batch.positions = {16, 16, 17, 18};
  batch.pages = {{0, 1}, {0, 2}};
  const Result<void> result = batch.check(validator_);
  EXPECT_TRUE(result) << result.error().message;
}

TEST_F(StepValidatorTest, AcceptsAnAdapterForEachSequence) {
  Batch batch;
  batch.adapters = {2, 0};
  const Result<void> result = batch.check(validator_);
  EXPECT_TRUE(result) << result.error().message;
}

TEST_F(StepValidatorTest, RefusesAdaptersThatDoNotExist) {
  for (const model::AdapterId adapter : {-1, 3, INT32_MAX}) {
    Batch batch;
    batch.adapters = {0, adapter};
    expect_refused(batch, fmt::format("sequence 1: adapter {} does not exist; there are 2", adapter));
  }
  Batch batch;
  batch.adapters = {1};
  expect_refused(batch, "2 sequences names the adapters of 1");
}

TEST_F(StepValidatorTest, RefusesRowsAndPagesThatTwoAdaptersWouldShare) {
  Batch batch = forked();
  batch.adapters = {1, 1};
  EXPECT_TRUE(batch.check(validator_));
  batch.adapters = {1, 2};
  expect_refused(batch, "row 1: sequences 0 and 1 share it, but not their adapter");
}

TEST_F(StepValidatorTest, RefusesArraysOfDifferentLengths) {
  Batch batch;
  batch.positions.pop_back();
  expect_refused(batch, "4 tokens has 3 positions");
}

TEST_F(StepValidatorTest, RefusesMoreRowsThanTheLimit) {
  Batch batch;
  batch.tokens.assign(6, 1);
  batch.positions = {0, 1, 2, 3, 4, 5};
  batch.sequences.assign(6, 0);
  batch.outputs.assign(6, RowOutput::kNone);
  expect_refused(batch, "at most 5");
}

TEST_F(StepValidatorTest, RefusesMoreAnswersThanTheLimit) {
  Batch batch;
  batch.outputs.assign(4, RowOutput::kArgmax);
  expect_refused(batch, "at most 2");
}

TEST_F(StepValidatorTest, RefusesTokensOutsideTheVocabulary) {
  for (const TokenId token : {-1, 10, INT32_MAX, INT32_MIN}) {
    Batch batch;
    batch.tokens[2] = token;
    expect_refused(batch, fmt::format("row 2: token {} ", token));
  }
}

TEST_F(StepValidatorTest, RefusesPositionsOutsideTheContext) {
  for (const int32_t position : {-1, 40, INT32_MAX}) {
    Batch batch;
    batch.positions[1] = position;
    expect_refused(batch, fmt::format("position {} is outside", position));
  }
}

TEST_F(StepValidatorTest, RefusesSequencesWithoutAPageTable) {
  for (const int32_t sequence : {-1, 2}) {
    Batch batch;
    batch.sequences[1] = sequence;
    expect_refused(batch, fmt::format("sequence {} has no page table", sequence));
  }
}

TEST_F(StepValidatorTest, RefusesAnUnknownKindOfOutput) {
  Batch batch;
  batch.outputs[0] = static_cast<RowOutput>(7);
  batch.outputs[1] = RowOutput::kNone;
  expect_refused(batch, "7 is no kind of output");
}

TEST_F(StepValidatorTest, RefusesGapsRepetitionsAndStepsBack) {
  for (const int32_t position : {15, 16, 18}) {
    Batch batch;
    batch.positions[3] = position;
    expect_refused(batch, fmt::format("position {} of sequence 0 follows position 16", position));
  }
}

TEST_F(StepValidatorTest, RefusesATableThatEndsTooEarly) {
  Batch batch;
  batch.pages[0] = {0};
  expect_refused(batch, "needs 2 pages, its table has 1");
}

TEST_F(StepValidatorTest, RefusesPagesThatDoNotExistAlsoAmongThoseOnlyRead) {
  for (const PageId page : {-1, 4}) {
    Batch batch;
    batch.positions = {16, 0, 17, 18};
    batch.pages[0] = {page, 1};
    expect_refused(batch, fmt::format("page {} does not exist", page));
  }
}

TEST_F(StepValidatorTest, RefusesTwoWritersOfOnePage) {
  Batch batch;
  batch.pages[1] = {1};
  expect_refused(batch, "both would write page 1");
  batch.pages = {{1, 1}, {2}};
  expect_refused(batch, "both would write page 1");
}

TEST_F(StepValidatorTest, RefusesToReadAPageThatAnotherSequenceWrites) {
  Batch batch;
  batch.positions = {16, 0, 17, 18};
  batch.pages = {{2, 1}, {2}};
  expect_refused(batch, "sequence 0 reads page 2, which sequence 1 writes");
}

TEST_F(StepValidatorTest, AcceptsContinuationsThatShareAPageWhichTheFirstFills) {
  const Result<void> result = forked().check(validator_);
  EXPECT_TRUE(result) << result.error().message;
}

TEST_F(StepValidatorTest, CountsRowsThatAreAlsoWrittenElsewhereAmongThoseOfTheOtherSequence) {
  Batch batch = forked();
  batch.also_in[1] = {};
  EXPECT_TRUE(batch.check(validator_)) << "position 16 may have been written before";
  batch.also_in[0] = {1};
  expect_refused(batch, "position 17 of sequence 1 follows position 15");
  batch = forked();
  batch.also_in[1] = {1, 1};
  expect_refused(batch, "position 16 of sequence 1 follows position 16");
  batch.also_in[1] = {0};
  expect_refused(batch, "position 16 of sequence 0 follows position 16");
}

TEST_F(StepValidatorTest, RefusesToWriteIntoSequencesThatDoNotExist) {
  for (const int32_t sequence : {-1, 2}) {
    Batch batch = forked();
    batch.also_in[1] = {sequence};
    expect_refused(batch, fmt::format("sequence {} has no page table", sequence));
  }
  Batch batch = forked();
  batch.also_in.pop_back();
  expect_refused(batch, "says of 3 where else they belong");
}

TEST_F(StepValidatorTest, RefusesToWriteARowIntoAPageThatAnotherSequenceWrites) {
  Batch batch = forked();
  batch.also_in[0] = {1};
  batch.also_in[1] = {1};
  expect_refused(batch, "both would write page 0");
}

TEST_F(StepValidatorTest, RefusesToReadAPageThatIsNotFilledOrLiesElsewhere) {
  // The first sequence ends before its page does.
  Batch batch = forked();
  batch.positions = {13, 14, 17, 18};
  batch.sequences = {0, 0, 1, 1};
  batch.also_in.clear();
  expect_refused(batch, "sequence 1 reads page 0, which sequence 0 writes");
  // It is the second page of the one and the first of the other.
  batch = forked();
  batch.pages = {{3, 1}, {1, 2}};
  batch.also_in.clear();
  expect_refused(batch, "sequence 1 reads page 1, which sequence 0 writes");
}

}  // namespace
}  // namespace riposte::executor
