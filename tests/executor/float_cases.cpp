#include "executor/float_cases.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <fstream>
#include <numeric>
#include <stdexcept>

namespace riposte::executor {
namespace {

// Test data that cannot be read is a mistake of the test: exceptions end it.
std::vector<boost::json::object> read_lines(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  std::vector<boost::json::object> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(boost::json::parse(line).as_object());
  if (lines.empty()) throw std::runtime_error(path.string() + " has no cases");
  return lines;
}

std::vector<TokenId> tokens_at(const boost::json::object& line, const char* key) {
  return boost::json::value_to<std::vector<TokenId>>(line.at(key));
}

}  // namespace

std::vector<ForwardCase> read_forward_cases(const std::filesystem::path& path) {
  std::vector<ForwardCase> cases;
  for (const boost::json::object& line : read_lines(path)) {
    ForwardCase read;
    read.ids = tokens_at(line, "ids");
    for (const boost::json::value& pair : line.at("top").as_array()) {
      read.top.emplace_back(pair.at(0).to_number<TokenId>(), pair.at(1).to_number<double>());
    }
    read.logsumexp = line.at("logsumexp").to_number<double>();
    if (!line.at("nll").is_null()) read.nll = line.at("nll").to_number<double>();
    cases.push_back(std::move(read));
  }
  return cases;
}

std::vector<GreedyCase> read_greedy_cases(const std::filesystem::path& path) {
  std::vector<GreedyCase> cases;
  for (const boost::json::object& line : read_lines(path)) {
    cases.push_back({tokens_at(line, "prompt_ids"), tokens_at(line, "continuation_ids"),
                     boost::json::value_to<std::vector<double>>(line.at("margins"))});
  }
  return cases;
}

std::vector<HiddenCase> read_hidden_cases(const std::filesystem::path& path) {
  std::vector<HiddenCase> cases;
  for (const boost::json::object& line : read_lines(path)) {
    cases.push_back({tokens_at(line, "ids"), boost::json::value_to<std::vector<double>>(line.at("last")),
                     boost::json::value_to<std::vector<double>>(line.at("mean"))});
  }
  return cases;
}

Sequence::Sequence(model::Executor& executor, model::PageId first_page, model::AdapterId adapter)
    : executor_(executor),
      table_(static_cast<size_t>(executor.limits().pages - first_page)),
      adapter_(adapter) {
  std::iota(table_.begin(), table_.end(), first_page);
}

model::StepResult Sequence::step(const std::vector<TokenId>& tokens, size_t begin, size_t end,
                                 model::RowOutput all, model::RowOutput last) {
  const size_t rows = end - begin;
  std::vector<int32_t> positions(rows);
  std::iota(positions.begin(), positions.end(), length_);
  const std::vector<int32_t> sequences(rows, 0);
  std::vector<model::RowOutput> outputs(rows, all);
  outputs.back() = last;
  const std::vector<std::span<const model::PageId>> tables = {table_};
  const std::vector<model::AdapterId> adapters = {adapter_};
  const Result<model::StepResult> result = executor_.step(
      {std::span(tokens).subspan(begin, rows), positions, sequences, outputs, tables, {}, adapters});
  if (!result) throw std::runtime_error(result.error().message);
  length_ += static_cast<int32_t>(rows);
  return *result;
}

std::vector<std::vector<float>> Sequence::rows(const std::vector<TokenId>& tokens, size_t chunk, model::RowOutput output,
                                               std::span<const std::span<const float>> model::StepResult::*of_result) {
  std::vector<std::vector<float>> all;
  for (size_t begin = 0; begin < tokens.size(); begin += chunk) {
    const model::StepResult result = step(tokens, begin, std::min(tokens.size(), begin + chunk), output, output);
    for (const std::span<const float> row : result.*of_result) all.emplace_back(row.begin(), row.end());
  }
  return all;
}

std::vector<std::vector<float>> Sequence::logits(const std::vector<TokenId>& tokens, size_t chunk) {
  return rows(tokens, chunk, model::RowOutput::kLogits, &model::StepResult::logits);
}

std::vector<float> Sequence::last_logits(const std::vector<TokenId>& tokens, size_t chunk) {
  std::vector<float> last;
  for (size_t begin = 0; begin < tokens.size(); begin += chunk) {
    const size_t end = std::min(tokens.size(), begin + chunk);
    const auto row = step(tokens, begin, end, model::RowOutput::kNone, model::RowOutput::kLogits).logits.back();
    last.assign(row.begin(), row.end());
  }
  return last;
}

std::vector<std::vector<float>> Sequence::hidden(const std::vector<TokenId>& tokens, size_t chunk) {
  return rows(tokens, chunk, model::RowOutput::kHidden, &model::StepResult::hidden);
}

TokenId Sequence::argmax(const std::vector<TokenId>& tokens, size_t chunk) {
  TokenId winner = kNoToken;
  for (size_t begin = 0; begin < tokens.size(); begin += chunk) {
    const size_t end = std::min(tokens.size(), begin + chunk);
    winner = step(tokens, begin, end, model::RowOutput::kNone, model::RowOutput::kArgmax).argmax.back();
  }
  return winner;
}

double log_sum_exp(const std::vector<float>& logits) {
  const double highest = *std::max_element(logits.begin(), logits.end());
  double sum = 0.0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - highest);
  return highest + std::log(sum);
}

double divergence(const std::vector<float>& truth, const std::vector<float>& other) {
  const double truth_sum = log_sum_exp(truth), other_sum = log_sum_exp(other);
  double sum = 0.0;
  for (size_t i = 0; i < truth.size(); ++i) {
    const double log_probability = truth[i] - truth_sum;
    sum += std::exp(log_probability) * (log_probability - (other[i] - other_sum));
  }
  return sum;
}

void Difference::widen(const Difference& other) {
  top_logit = std::max(top_logit, other.top_logit);
  logsumexp = std::max(logsumexp, other.logsumexp);
  nll = std::max(nll, other.nll);
}

Difference compare(model::Executor& executor, const ForwardCase& expected, size_t chunk,
                   model::AdapterId adapter) {
  const std::vector<std::vector<float>> logits = Sequence(executor, 0, adapter).logits(expected.ids, chunk);
  Difference difference;
  for (const auto& [id, logit] : expected.top) {
    const double found = logits.back().at(static_cast<size_t>(id));
    difference.top_logit = std::max(difference.top_logit, std::abs(found - logit));
  }
  difference.logsumexp = std::abs(log_sum_exp(logits.back()) - expected.logsumexp);
  if (expected.nll) {
    double sum = 0.0;
    for (size_t i = 0; i + 1 < expected.ids.size(); ++i) {
      sum += log_sum_exp(logits[i]) -
             static_cast<double>(logits[i].at(static_cast<size_t>(expected.ids[i + 1])));
    }
    difference.nll = std::abs(sum / static_cast<double>(expected.ids.size() - 1) - *expected.nll);
  }
  return difference;
}

}  // namespace riposte::executor
