#include "rewrite/assembly.h"

#include <algorithm>
#include <utility>

namespace riposte::rewrite {
namespace {

constexpr std::string_view kSpaces = " \t\r\n";

void add_finish(const engine::Finish& part, engine::Finish& all) {
  if (part.reason == engine::FinishReason::kLength) all.reason = part.reason;
  engine::Usage& sum = all.usage;
  sum.prompt_tokens += part.usage.prompt_tokens;
  sum.cached_tokens += part.usage.cached_tokens;
  sum.output_tokens += part.usage.output_tokens;
  sum.passes += part.usage.passes;
  sum.drafted_tokens += part.usage.drafted_tokens;
  sum.accepted_tokens += part.usage.accepted_tokens;
  engine::add(part.usage.by_origin, sum.by_origin);
  all.timings.queue = std::max(all.timings.queue, part.timings.queue);
  all.timings.prefill = std::max(all.timings.prefill, part.timings.prefill);
  all.timings.decode = std::max(all.timings.decode, part.timings.decode);
}

}  // namespace

std::string Assembly::add(size_t part, std::string_view answer) {
  answers_[part].held += answer;
  return part == now_ ? advance() : std::string();
}

std::string Assembly::end(size_t part, engine::Finish finish) {
  Answer& answer = answers_[part];
  answer.ended = true;
  if (restraint_) {
    answer.stray = find_stray(part_text(part), answer.held, finish.reason, *restraint_);
    if (answer.stray != Stray::kNone) answer.held = part_text(part);
  }
  answer.finish = std::move(finish);
  return part == now_ ? advance() : std::string();
}

engine::Finish Assembly::finish() const {
  engine::Finish all;
  for (const Answer& answer : answers_) {
    if (answer.ended) add_finish(answer.finish, all);
  }
  return all;
}

std::string_view Assembly::kept_before(size_t part) const {
  const size_t begin = part == 0 ? 0 : source_.parts[part - 1].end;
  const size_t end = part == source_.parts.size() ? source_.text.size() : source_.parts[part].begin;
  return std::string_view(source_.text).substr(begin, end - begin);
}

std::string Assembly::advance() {
  std::string gained;
  advance(gained);
  length_ += gained.size();
  return gained;
}

void Assembly::advance(std::string& gained) {
  while (!whole()) {
    Answer& answer = answers_[now_];
    if (restraint_ && !answer.ended) return;  // it may stray yet
    if (!begun_ && !source_.edges_are_read)
      answer.held.erase(0, std::min(answer.held.find_first_not_of(kSpaces), answer.held.size()));
    // White space behind it may be the answer's last.
    const size_t last =
        source_.edges_are_read ? answer.held.size() - 1 : answer.held.find_last_not_of(kSpaces);
    const bool has_text = last != std::string::npos;
    if ((has_text || answer.ended) && !std::exchange(begun_, true)) {
      gained += kept_before(now_);
      places_[now_].begin = length_ + gained.size();
    }
    if (has_text) {
      gained.append(answer.held, 0, last + 1);
      answer.held.erase(0, last + 1);
    }
    if (!answer.ended) return;
    places_[now_].end = length_ + gained.size();
    answer.held.clear();
    begun_ = false;
    if (++now_ == answers_.size()) gained += kept_before(now_);
  }
}

}  // namespace riposte::rewrite
