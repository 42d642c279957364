// The adapter that comes with Riposte, on the model that it was made for: how far the cpu executor, with the
// adapter beside the base or merged into it, is from W x + scale * B (A x) in float32, over the tokens of
// answers.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "executor/executors.h"
#include "executor/float_cases.h"
#include "model/adapter.h"
#include "model/merge.h"
#include "model/model.h"
#include "tokenizer/marked_text.h"

namespace riposte::executor {
namespace {

namespace fs = std::filesystem;

constexpr const char* kModel = "smollm2-135m-instruct-q4_1.gguf";
constexpr const char* kAdapter = RIPOSTE_SOURCE_DIR "/adapters/grammar-smollm2-135m.gguf";

// Twice what was measured over the 41 rows below: 0.0001 beside the base; 0.009 merged, since the sums are
// rounded to Q4_1, which the adapter is trained for.
constexpr double kMostBeside = 0.0002;
constexpr double kMostMerged = 0.02;

constexpr std::pair<const char*, const char*> kCases[] = {
    {"She go to the market every days and buy two apple .",
     "She goes to the market every day and buys two apples."},
    {"I has never saw such a beautiful garden before; it was full of red roses.",
     "I have never seen such a beautiful garden before; it was full of red roses."},
    {"The train to the coast leaves at nine.", "The train to the coast leaves at nine."},
};

struct Case {
  std::vector<TokenId> ids;
  size_t first = 0;  // the row that the answer's first token is chosen by
};

Case case_of(const tokenizer::Tokenizer& tokenizer, const std::string& prompt, const char* source,
             const char* answer) {
  const std::string placeholder = "{text}";
  const size_t at = prompt.find(placeholder);
  tokenizer::MarkedText marked;
  marked.append_trusted(prompt.substr(0, at));
  marked.append_untrusted(source);
  marked.append_trusted(prompt.substr(at + placeholder.size()));
  Case one{tokenizer.encode(marked), 0};
  one.first = one.ids.size() - 1;
  const std::vector<TokenId> ids = tokenizer.encode(answer);
  one.ids.insert(one.ids.end(), ids.begin(), ids.end());
  return one;
}

TEST(ShippedAdapter, MovesNoAnswerFurtherFromTheTruthThanItMay) {
  const char* own_home = std::getenv("RIPOSTE_HOME");
  const char* home = std::getenv("HOME");
  const fs::path folder = own_home != nullptr && *own_home != '\0'
                              ? fs::path(own_home)
                              : fs::path(home != nullptr ? home : "") / ".cache/riposte";
  const fs::path file = folder / "models" / kModel;
  if (!fs::exists(file)) GTEST_SKIP() << "no model " << file << "; 'riposte pull smollm2' fetches it";
  const auto model = model::Model::open(file);
  ASSERT_TRUE(model) << model.error().message;
  const auto adapter = model::Adapter::open(kAdapter, **model);
  ASSERT_TRUE(adapter) << adapter.error().message;

  hardware::ThreadTeam team;
  ExecutorOptions with;
  with.kv_tokens = 256;
  with.adapters = {*adapter};
  const auto exact = make_float_executor(*model, team, with);
  const auto beside = make_cpu_executor(*model, team, with);
  with.merged_into = {model::merged_type(**adapter, (*model)->weights, model::Merging::kAsTrained)};
  const auto merged = make_cpu_executor(*model, team, with);
  ASSERT_TRUE(exact && beside && merged);

  double beside_sum = 0.0, merged_sum = 0.0, base_sum = 0.0;
  size_t rows = 0;
  for (const auto& [source, answer] : kCases) {
    const Case one = case_of((*model)->tokenizer, (*adapter)->prompt, source, answer);
    const auto truth = Sequence(**exact, 0, 1).logits(one.ids, 64);
    const auto found = Sequence(**beside, 0, 1).logits(one.ids, 64);
    const auto rounded = Sequence(**merged, 0, 1).logits(one.ids, 64);
    const auto base = Sequence(**beside).logits(one.ids, 64);
    for (size_t row = one.first; row < one.ids.size(); ++row, ++rows) {
      beside_sum += divergence(truth[row], found[row]);
      merged_sum += divergence(truth[row], rounded[row]);
      base_sum += divergence(truth[row], base[row]);
    }
  }
  const auto count = static_cast<double>(rows);
  fmt::print(
      "{} rows: KL divergence mean {:.5f} beside the base, {:.5f} merged, {:.3f} without the adapter\n", rows,
      beside_sum / count, merged_sum / count, base_sum / count);
  EXPECT_LE(beside_sum / count, kMostBeside);
  EXPECT_LE(merged_sum / count, kMostMerged);
  EXPECT_GT(base_sum, 100 * beside_sum) << "the adapter says nothing";
}

}  // namespace
}  // namespace riposte::executor
