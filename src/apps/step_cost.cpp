#include "apps/step_cost.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>

#include "apps/home.h"
#include "apps/sequence.h"
#include "apps/state_file.h"
#include "hardware/processor.h"

namespace riposte::apps {
namespace {

namespace json = boost::json;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr int64_t kVersion = 2;
constexpr int32_t kContext = 24;  // tokens before the step: a short sentence
// In the order of their worth: those of a plain step and of the usual guesses first, and twice, since any one
// of them may have been disturbed.
constexpr std::array<int32_t, 8> kRows = {1, 8, 16, 4, 1, 8, 32, 2};
constexpr int kMostRounds = 5;
constexpr int64_t kStarts = 3;  // of a program, each of which measures once

// How long a step of so many rows may take, as far as the measured ones tell: no longer than a larger one,
// and no longer for each row than a smaller one.
double most_time(const std::vector<StepTime>& times, int32_t rows) {
  double most = std::numeric_limits<double>::infinity();
  for (const StepTime& time : times) {
    most = std::min(most, time.milliseconds * std::max(1.0, static_cast<double>(rows) / time.rows));
  }
  return most;
}

// Which program measured: a faster kernel is another program.
std::string this_program() {
  struct stat status;
  if (::stat("/proc/self/exe", &status) != 0) return RIPOSTE_VERSION;
  return fmt::format("{} {} {}.{:09}", RIPOSTE_VERSION, status.st_size, status.st_mtim.tv_sec,
                     status.st_mtim.tv_nsec);
}

json::object as_json(const StepCostKey& key) {
  return {{"version", kVersion},
          {"program", this_program()},
          {"processor", hardware::processor_name()},
          {"model", key.model},
          {"shapes", fmt::format("{:016x}", key.shapes)},
          {"executor", key.executor},
          {"threads", key.threads}};
}

struct Kept {
  std::vector<StepTime> times;
  int64_t starts = 0;  // that measured them
};

// Anything but what was written for this key is nothing.
std::optional<Kept> kept_from_json(const std::string& text, const json::object& key) {
  json::error_code error;
  const json::value value = json::parse(text, error);
  if (error || !value.is_object()) return std::nullopt;
  const json::object& object = value.as_object();
  for (const auto& [name, wanted] : key) {
    const json::value* found = object.if_contains(name);
    if (found == nullptr || *found != wanted) return std::nullopt;
  }
  const json::value* starts = object.if_contains("starts");
  if (starts == nullptr || !starts->is_int64() || starts->as_int64() < 1) return std::nullopt;
  const json::value* steps = object.if_contains("steps");
  if (steps == nullptr || !steps->is_array()) return std::nullopt;
  std::vector<StepTime> times;
  for (const json::value& step : steps->as_array()) {
    const json::object* entry = step.if_object();
    const json::value* rows = entry != nullptr ? entry->if_contains("rows") : nullptr;
    const json::value* time = entry != nullptr ? entry->if_contains("milliseconds") : nullptr;
    if (rows == nullptr || !rows->is_int64() || time == nullptr || !time->is_number()) return std::nullopt;
    const int64_t least = times.empty() ? 1 : times.back().rows + 1;
    const double milliseconds = time->to_number<double>();
    if (rows->as_int64() < least || rows->as_int64() > 1024) return std::nullopt;
    if (!std::isfinite(milliseconds) || milliseconds <= 0) return std::nullopt;
    times.push_back({static_cast<int32_t>(rows->as_int64()), milliseconds});
  }
  if (times.empty()) return std::nullopt;
  return Kept{std::move(times), starts->as_int64()};
}

std::string to_json(json::object key, const Kept& kept) {
  json::array steps;
  for (const StepTime& time : kept.times) {
    steps.push_back(json::object{{"rows", time.rows}, {"milliseconds", time.milliseconds}});
  }
  key["starts"] = kept.starts;
  key["steps"] = std::move(steps);
  return json::serialize(key);
}

// Takes a time into the list, the least for each number of rows.
void keep_least(std::vector<StepTime>& times, const StepTime& time) {
  const auto at = std::ranges::lower_bound(times, time.rows, {}, &StepTime::rows);
  if (at != times.end() && at->rows == time.rows) {
    at->milliseconds = std::min(at->milliseconds, time.milliseconds);
  } else {
    times.insert(at, time);
  }
}

}  // namespace

std::vector<StepTime> measure_step_times(model::Executor& executor, std::chrono::milliseconds budget) {
  using model::RowOutput;
  const model::ExecutorLimits limits = executor.limits();
  std::vector<TokenId> tokens(kContext + *std::ranges::max_element(kRows));
  for (size_t i = 0; i < tokens.size(); ++i) {
    tokens[i] = static_cast<TokenId>((i * 7919 + 13) % static_cast<size_t>(limits.vocabulary));
  }
  const std::span<const TokenId> all(tokens);
  Sequence sequence(executor);
  const auto step = [&](int32_t rows) -> std::optional<double> {
    sequence.rewind(kContext);
    const auto start = std::chrono::steady_clock::now();
    const auto fed = sequence.feed(all.subspan(kContext, static_cast<size_t>(rows)), RowOutput::kArgmax,
                                   RowOutput::kArgmax, {});
    if (!fed) return std::nullopt;
    return Milliseconds(std::chrono::steady_clock::now() - start).count();
  };

  // The first steps pay for bringing the weights into memory, the head's too, which a first request would pay otherwise.
  if (!sequence.feed(all.first(kContext), RowOutput::kNone, RowOutput::kNone, {})) return {};
  for (const int32_t rows : {kRows[1], kRows[0]}) {
    if (rows <= std::min(limits.max_rows, limits.max_logit_rows) && !step(rows)) return {};
  }
  const auto end = std::chrono::steady_clock::now() + budget;
  std::vector<StepTime> times;
  for (int round = 0; round < kMostRounds; ++round) {
    for (const int32_t rows : kRows) {
      if (rows > std::min(limits.max_rows, limits.max_logit_rows)) continue;
      const double left = Milliseconds(end - std::chrono::steady_clock::now()).count();
      const bool needed = times.size() < 2;  // whatever it costs: without two there is no curve
      if (!needed && left < most_time(times, rows)) continue;
      const auto time = step(rows);
      if (!time) return {};
      keep_least(times, {rows, *time});
    }
  }
  return times;
}

std::vector<float> step_cost_of(const std::vector<StepTime>& measured) {
  // Where fewer rows took longer, something else disturbed them: nothing makes a step faster than it is.
  std::vector<StepTime> times = measured;
  for (size_t i = times.size(); i > 1; --i) {
    times[i - 2].milliseconds = std::min(times[i - 2].milliseconds, times[i - 1].milliseconds);
  }
  std::vector<float> cost;
  StepTime before;
  for (const StepTime& time : times) {
    if (before.rows == 0) before = {0, time.milliseconds};  // fewer rows than were measured cost no less
    for (int32_t rows = before.rows + 1; rows <= time.rows; ++rows) {
      const double share = static_cast<double>(rows - before.rows) / (time.rows - before.rows);
      cost.push_back(static_cast<float>(std::lerp(before.milliseconds, time.milliseconds, share)));
    }
    before = time;
  }
  return cost;
}

StepCostKey step_cost_key(const std::string& name, const model::Model& model, const std::string& executor,
                          int threads) {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), &XXH3_freeState);
  XXH3_64bits_reset(state.get());
  const auto add = [&](const void* data, size_t bytes) { XXH3_64bits_update(state.get(), data, bytes); };
  for (const gguf::Tensor& tensor : model.file.tensors()) {
    add(tensor.name.data(), tensor.name.size());
    add(&tensor.type, sizeof tensor.type);
    add(tensor.shape.data(), tensor.shape.size() * sizeof tensor.shape[0]);
  }
  return {name, XXH3_64bits_digest(state.get()), executor, threads};
}

std::filesystem::path step_cost_directory() {
  return home_directory() / "state" / "step-cost";
}

std::vector<float> find_step_cost(const std::filesystem::path& folder, const StepCostKey& key,
                                  const MeasureStepTimes& measure) {
  const json::object identity = as_json(key);
  // One file for a model and a way to compute it; whether it is this program's, its content says.
  const std::string place = fmt::format("{}-{:016x} {} {}", key.model, key.shapes, key.executor, key.threads);
  const std::filesystem::path file =
      folder / fmt::format("{:016x}.json", XXH3_64bits(place.data(), place.size()));
  Kept kept;
  if (const auto text = read_state_file(file)) kept = kept_from_json(*text, identity).value_or(Kept{});
  if (kept.starts < kStarts) {
    const std::vector<StepTime> measured = measure();
    for (const StepTime& time : measured) keep_least(kept.times, time);
    ++kept.starts;
    if (!measured.empty()) write_state_file(file, to_json(identity, kept));
  }
  return step_cost_of(kept.times);
}

}  // namespace riposte::apps
