#include "api/rewrite_origins.h"

#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <utility>

#include "drafting/draft.h"
#include "rewrite/units.h"

namespace riposte::api {
namespace {

std::string_view origin_of(const engine::TokenTrace& token) {
  if (!token.guessed) return "computed";
  return token.origin == drafting::Origin::kSource ? "copied" : "guessed";
}

class Origins {
 public:
  explicit Origins(std::string_view result) : result_(result) {}

  void add(const rewrite::ByteRange& where, std::string_view origin) {
    if (where.begin >= where.end) return;
    characters_ += rewrite::count_characters(result_.substr(reached_, where.begin - reached_));
    const size_t begin = characters_;
    characters_ += rewrite::count_characters(result_.substr(where.begin, where.end - where.begin));
    reached_ = where.end;
    list_.push_back(boost::json::object{
        {"begin", begin}, {"end", characters_}, {"origin", boost::json::string(origin)}});
  }
  boost::json::array take() { return std::move(list_); }

 private:
  const std::string_view result_;
  size_t reached_ = 0;     // bytes of the result
  size_t characters_ = 0;  // the same in characters
  boost::json::array list_;
};

// White space around an answer is not in the result, and a stop string may have cut its end.
void add_part(const TracedPart& part, const tokenizer::Tokenizer& tokenizer, Origins& origins) {
  tokenizer::Utf8Stream text;
  std::vector<size_t> ends;  // [tokens], in the answer: behind the whole characters that a token completes
  std::string answer;
  for (const engine::TokenTrace& token : part.trace) {
    answer += text.push(tokenizer.token_bytes(token.token));
    ends.push_back(answer.size());
  }
  const auto [begin, end] = part.in_result;
  const size_t trimmed = std::min(answer.find_first_not_of(" \t\r\n"), answer.size());
  size_t shown = begin;
  for (size_t i = 0; i < ends.size(); ++i) {
    const size_t until = std::clamp(begin + std::max(ends[i], trimmed) - trimmed, shown, end);
    origins.add({shown, until}, origin_of(part.trace[i]));
    shown = until;
  }
}

}  // namespace

boost::json::array origins_array(std::string_view result, std::span<const TracedPart> parts,
                                 const tokenizer::Tokenizer& tokenizer) {
  Origins origins(result);
  for (const TracedPart& part : parts) {
    if (part.trace.empty()) {
      origins.add(part.in_result, "known");
    } else {
      add_part(part, tokenizer, origins);
    }
  }
  return origins.take();
}

}  // namespace riposte::api
