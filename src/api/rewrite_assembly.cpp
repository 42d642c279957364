#include "api/rewrite_assembly.h"

#include <algorithm>
#include <utility>

namespace riposte::api {
namespace {

constexpr std::string_view kSpaces = " \t\r\n";

}  // namespace

std::string RewriteAssembly::add(size_t part, std::string_view answer) {
  answers_[part].held += answer;
  return part == now_ ? advance() : std::string();
}

std::string RewriteAssembly::end(size_t part) {
  answers_[part].ended = true;
  return part == now_ ? advance() : std::string();
}

std::string_view RewriteAssembly::kept_before(size_t part) const {
  const size_t begin = part == 0 ? 0 : source_.parts[part - 1].end;
  const size_t end = part == source_.parts.size() ? source_.text.size() : source_.parts[part].begin;
  return std::string_view(source_.text).substr(begin, end - begin);
}

std::string RewriteAssembly::advance() {
  std::string gained;
  advance(gained);
  length_ += gained.size();
  return gained;
}

void RewriteAssembly::advance(std::string& gained) {
  while (!whole()) {
    Answer& answer = answers_[now_];
    if (!begun_ && !source_.edges_are_read) answer.held.erase(0, std::min(answer.held.find_first_not_of(kSpaces), answer.held.size()));
    // White space behind it may be the answer's last.
    const size_t last = source_.edges_are_read ? answer.held.size() - 1 : answer.held.find_last_not_of(kSpaces);
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

}  // namespace riposte::api
