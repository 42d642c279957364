#include "drafting/as_written.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace riposte::drafting {
namespace {

constexpr std::array<std::string_view, 14> kCloseUp = {",", ".", ";", ":",   "!", "?", "%",
                                                       ")", "]", "}", "...", "”", "’", "…"};
constexpr std::array<std::string_view, 4> kOpen = {"(", "[", "{", "“"};
constexpr std::array<std::string_view, 7> kContractions = {"n't", "'s", "'re", "'ve", "'ll", "'d", "'m"};

bool is_one_of(std::string_view word, std::span<const std::string_view> list) {
  return std::ranges::find(list, word) != list.end();
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// Word by word, what stands between two white spaces.
class Writer {
 public:
  void line_break(char c) {
    while (!out_.empty() && out_.back() == ' ') out_.pop_back();
    out_ += c;
    glue_ = true;
  }

  void word(std::string_view raw) {
    bool opens = is_one_of(raw, kOpen);
    bool closes = is_one_of(raw, kCloseUp) || is_one_of(raw, kContractions);
    std::string_view shown = raw;
    if (raw == "-LRB-" || raw == "-RRB-") {
      opens = raw == "-LRB-";
      closes = !opens;
      shown = opens ? "(" : ")";
    } else if (raw == "``" || raw == "''" || raw == "\"") {
      opens = raw == "``" || (raw == "\"" && !inside_quotes_);
      closes = !opens;
      inside_quotes_ = opens;
      shown = "\"";
    }
    if (!glue_ && !closes) out_ += ' ';
    out_ += shown;
    glue_ = opens;
  }

  std::string take() {
    const auto is_end = [](char c) { return is_blank(c) || c == '\n' || c == '\r'; };
    while (!out_.empty() && is_end(out_.back())) out_.pop_back();
    out_.erase(out_.begin(), std::ranges::find_if_not(out_, is_end));
    if (!out_.empty() && out_[0] >= 'a' && out_[0] <= 'z') out_[0] = static_cast<char>(out_[0] - 'a' + 'A');
    return std::move(out_);
  }

 private:
  std::string out_;
  bool glue_ = true;  // no space before the next word
  bool inside_quotes_ = false;
};

}  // namespace

std::string as_written(std::string_view text) {
  Writer writer;
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '\n' || text[at] == '\r') {
      writer.line_break(text[at++]);
    } else if (is_blank(text[at])) {
      ++at;
    } else {
      const size_t end = std::min(text.find_first_of(" \t\r\n", at), text.size());
      writer.word(text.substr(at, end - at));
      at = end;
    }
  }
  return writer.take();
}

}  // namespace riposte::drafting
