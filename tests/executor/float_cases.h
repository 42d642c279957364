// Reference values of forward passes and greedy decoding, read from JSON Lines, and a sequence to compute
// them with.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/token.h"
#include "model/executor.h"

namespace riposte::executor {

// One line of a forward.jsonl: what a model says about `ids`.
struct ForwardCase {
  std::vector<TokenId> ids;
  std::vector<std::pair<TokenId, double>> top;  // the highest logits at the last position
  double logsumexp = 0.0;                       // at the last position
  std::optional<double> nll;                    // mean over all positions but the last; none for one token
};

// One line of a greedy.jsonl.
struct GreedyCase {
  std::vector<TokenId> prompt;
  std::vector<TokenId> continuation;
  std::vector<double> margins;  // [continuation]: how far the winner was ahead
};

// One line of a hidden.jsonl: hidden states behind the last norm.
struct HiddenCase {
  std::vector<TokenId> ids;
  std::vector<double> last;  // [hidden], at the last position
  std::vector<double> mean;  // [hidden], of all positions
};

std::vector<ForwardCase> read_forward_cases(const std::filesystem::path& path);
std::vector<GreedyCase> read_greedy_cases(const std::filesystem::path& path);
std::vector<HiddenCase> read_hidden_cases(const std::filesystem::path& path);

// A sequence of its own in an executor's pages, beginning with page `first_page`, computed by `adapter`.
class Sequence {
 public:
  explicit Sequence(model::Executor& executor, model::PageId first_page = 0,
                    model::AdapterId adapter = model::kNoAdapter);

  // Feeds tokens at the next positions, `chunk` rows a step, and returns the logits of each:
  // [tokens][vocabulary].
  std::vector<std::vector<float>> logits(const std::vector<TokenId>& tokens, size_t chunk);
  // The same of the last token alone: [vocabulary].
  std::vector<float> last_logits(const std::vector<TokenId>& tokens, size_t chunk);
  // The same as logits() with the hidden states: [tokens][hidden].
  std::vector<std::vector<float>> hidden(const std::vector<TokenId>& tokens, size_t chunk);
  // Feeds tokens and returns the winner after the last.
  TokenId argmax(const std::vector<TokenId>& tokens, size_t chunk);

 private:
  // What `of_result` says of each token's row, all of which ask for `output`.
  std::vector<std::vector<float>> rows(const std::vector<TokenId>& tokens, size_t chunk, model::RowOutput output,
                                       std::span<const std::span<const float>> model::StepResult::*of_result);
  model::StepResult step(const std::vector<TokenId>& tokens, size_t begin, size_t end, model::RowOutput all,
                         model::RowOutput last);

  model::Executor& executor_;
  std::vector<model::PageId> table_;
  const model::AdapterId adapter_;
  int32_t length_ = 0;
};

double log_sum_exp(const std::vector<float>& logits);
// Kullback-Leibler divergence of the distributions that two rows of logits mean.
double divergence(const std::vector<float>& truth, const std::vector<float>& other);

// How far an executor is from a case: the largest differences.
struct Difference {
  double top_logit = 0.0;
  double logsumexp = 0.0;
  double nll = 0.0;

  void widen(const Difference& other);
};
Difference compare(model::Executor& executor, const ForwardCase& expected, size_t chunk,
                   model::AdapterId adapter = model::kNoAdapter);

}  // namespace riposte::executor
