#include "engine/pace.h"

#include <algorithm>
#include <cmath>

#include "drafting/step_cost.h"

namespace riposte::engine {
namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr int32_t kUnknownAnswer = 128;  // tokens of an answer that nothing is known of
constexpr int32_t kChunk = 32;           // rows over which the cost of a prompt's row is looked at
constexpr double kNewest = 0.1;          // how much the newest observation counts
constexpr double kLeastPace = 0.02, kMostPace = 50.0;
constexpr double kMostMs = 1e9;  // eleven days: beyond, times would not be representable
constexpr double kCaution = 1.25;  // how much longer than forecast a request may take beside others
constexpr int64_t kLeastRetryMs = 50, kMostRetryMs = 10'000;

void approach(double& average, double newest) {
  average += kNewest * (newest - average);
}

// How much of the other's work is done before this one is. Those that run get equal shares until the shorter one is done;
// one that waits will run soon beside one that runs.
double work_before(const Forecast::Other& one, const Forecast::Other& other) {
  if (one.runs || other.runs) return std::min(one.work, other.work);
  return other.turn <= one.turn ? other.work : 0.0;
}

}  // namespace

int32_t expected_answer(const Request& request) {
  if (request.ignore_end) return request.max_tokens;
  const int32_t unknown = std::min(request.max_tokens, kUnknownAnswer);
  if (!request.prediction.empty())
    return static_cast<int32_t>(std::min(request.prediction.size(), static_cast<size_t>(request.max_tokens)));
  if (request.source.empty()) return unknown;
  const double rewriting =
      std::min<double>(request.max_tokens, 1.25 * static_cast<double>(request.source.size()) + 4);
  return static_cast<int32_t>(std::lerp(static_cast<double>(unknown), rewriting, request.rewriting_chance));
}

Pace::Pace(std::span<const float> step_cost) {
  if (step_cost.empty()) {
    token_ms_ = 1;
    row_ms_ = 1.0 / kChunk;
    return;
  }
  const drafting::StepCost cost(step_cost);
  token_ms_ = std::max(1e-3, cost.of(1));
  row_ms_ = std::max(token_ms_ / 64, (cost.of(1 + kChunk) - cost.of(1)) / kChunk);
}

double Pace::work_of(int32_t prompt_tokens, int32_t answer_tokens) const {
  return prompt_work(prompt_tokens) * computed_share_ + answer_work(answer_tokens);
}

void Pace::observe_prompt(int32_t tokens, int32_t cached) {
  if (tokens > 0) approach(computed_share_, 1.0 - static_cast<double>(cached) / tokens);
}

void Pace::observe_step(double work, double ms) {
  if (!(work > 0) || !(ms >= 0)) return;
  approach(ms_per_work_, std::clamp(ms / work, kLeastPace, kMostPace));
}

Clock::time_point turn_of(Clock::time_point submitted, double expected_ms) {
  const Milliseconds later(kPatience * std::clamp(expected_ms, 0.0, kMostMs));
  return submitted + std::chrono::duration_cast<Clock::duration>(later);
}

double Forecast::ms_until_done(const Other& one) const {
  double all = one.work;
  for (const Other& other : others) {
    if (&other != &one) all += work_before(one, other);
  }
  return pace.ms_for(all);
}

int64_t Forecast::retry_after_ms() const {
  double all = 0;
  for (const Other& other : others) all += other.work;
  const double each = pace.ms_for(all) / static_cast<double>(std::max<size_t>(1, others.size()));
  return static_cast<int64_t>(std::clamp<double>(each, kLeastRetryMs, kMostRetryMs));
}

Result<void> Forecast::check_deadline(const Other& one, Clock::time_point now) const {
  const double left = Milliseconds(*one.deadline - now).count();
  const double alone = pace.ms_for(one.work);
  if (left <= 0) return fail(ErrorCode::kDeadline, "the deadline had passed when the request arrived");
  if (alone > left) {
    return fail(ErrorCode::kDeadline,
                "the deadline of {:.0f} ms cannot be met: the answer alone would take about {:.0f} ms; "
                "give more time, or ask for less",
                left, alone);
  }
  const auto come_back = [&](double ms, std::string_view why) {
    const auto retry = static_cast<int64_t>(std::clamp<double>(ms, kLeastRetryMs, kMostRetryMs));
    return tl::unexpected(Error{ErrorCode::kBusy,
                                fmt::format("the deadline of {:.0f} ms cannot be met now: {}; try again in {} ms, or give "
                                            "more time",
                                            left, why, retry),
                                retry});
  };
  if (others.empty()) return {};
  const double needed = kCaution * ms_until_done(one);
  if (needed > left) {
    return come_back(needed - left, fmt::format("with {} requests before it the answer would take about {:.0f} ms",
                                                others.size(), needed));
  }
  // What was promised to others is kept: all that run share the time, so a new one makes every one of them later.
  for (const Other& other : others) {
    if (!other.deadline) continue;
    const double others_left = Milliseconds(*other.deadline - now).count();
    const double before = kCaution * ms_until_done(other);
    const double after = before + kCaution * pace.ms_for(work_before(other, one));
    if (before <= others_left && after > others_left)
      return come_back(after - others_left, "others that were accepted before would miss theirs");
  }
  return {};
}

}  // namespace riposte::engine
