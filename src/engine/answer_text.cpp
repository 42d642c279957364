#include "engine/answer_text.h"

#include <algorithm>

namespace riposte::engine {

bool AnswerText::push(std::string_view bytes, std::string& out) {
  held_ += characters_.push(bytes);
  if (stop_at_match(out)) return true;
  const size_t certain = held_.size() - undecided_bytes();
  out.append(held_, 0, certain);
  held_.erase(0, certain);
  return false;
}

bool AnswerText::finish(std::string& out) {
  held_ += characters_.finish();
  if (stop_at_match(out)) return true;
  out += held_;
  held_.clear();
  return false;
}

bool AnswerText::stop_at_match(std::string& out) {
  size_t first_end = std::string::npos;
  size_t begin = std::string::npos;
  for (const std::string& stop : stops_) {
    const size_t at = held_.find(stop);
    if (at == std::string::npos) continue;
    const size_t end = at + stop.size();
    if (end < first_end || (end == first_end && at < begin)) {
      first_end = end;
      begin = at;
    }
  }
  if (begin == std::string::npos) return false;
  out.append(held_, 0, begin);
  held_.clear();
  return true;
}

// The longest end of the held text with which a stop string begins.
size_t AnswerText::undecided_bytes() const {
  const std::string_view held = held_;
  size_t longest = 0;
  for (const std::string& stop : stops_) {
    for (size_t length = std::min(stop.size() - 1, held.size()); length > longest; --length) {
      if (held.ends_with(std::string_view(stop).substr(0, length))) longest = length;
    }
  }
  return longest;
}

}  // namespace riposte::engine
