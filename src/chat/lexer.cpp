#include "chat/lexer.h"

#include <algorithm>

#include "chat/unicode.h"

namespace riposte::chat {

std::string normalize_newlines(std::string_view source) {
  std::string result;
  result.reserve(source.size());
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\r') {
      if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
      result += '\n';
    } else {
      result += source[i];
    }
  }
  if (!result.empty() && result.back() == '\n') result.pop_back();
  return result;
}

namespace {

bool is_name_start(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80);
}
bool is_decimal(char c) {
  return c >= '0' && c <= '9';
}
bool is_name_part(char c) {
  return is_name_start(c) || is_decimal(c);
}

class Lexer {
 public:
  Lexer(std::string_view source, Arena& arena) : source_(source), arena_(arena) {}

  std::vector<Token> run() {
    while (at_ < source_.size()) outside();
    add(TokenKind::kEnd, {});
    return std::move(tokens_);
  }

 private:
  [[noreturn]] void fail(ErrorCode code, size_t at, std::string message) {
    throw SyntaxFailure{code, place_of(at), std::move(message)};
  }

  // Places are asked for in rising order almost always, so lines are counted on from the last answer.
  Place place_of(size_t at) {
    if (at < counted_) {
      counted_ = 0;
      line_ = 1;
      line_begin_ = 0;
    }
    for (; counted_ < at; ++counted_) {
      if (source_[counted_] == '\n') {
        ++line_;
        line_begin_ = counted_ + 1;
      }
    }
    return {line_, static_cast<uint32_t>(at - line_begin_ + 1)};
  }

  void add(TokenKind kind, std::string_view text) { tokens_.push_back({kind, text, place_of(at_)}); }

  bool starts(std::string_view what) const { return source_.substr(at_).substr(0, what.size()) == what; }
  void skip_space() { at_ += leading_bytes(source_.substr(at_), nullptr); }

  // Text up to the next tag, then the tag.
  void outside() {
    size_t tag = at_;
    while (true) {
      tag = source_.find('{', tag);
      if (tag == std::string_view::npos || tag + 1 >= source_.size()) {
        tag = source_.size();
        break;
      }
      const char next = source_[tag + 1];
      if (next == '{' || next == '%' || next == '#') break;
      ++tag;
    }
    if (tag == source_.size()) {
      add_data(source_.substr(at_));
      at_ = tag;
      return;
    }
    const char kind = source_[tag + 1];
    add_data(strip_before_tag(source_.substr(at_, tag - at_), tag, kind != '{'));
    at_ = tag;
    if (kind == '#') {
      comment();
    } else if (kind == '%' && raw_tag("raw", false)) {
      raw();
    } else {
      inside(kind == '%');
    }
  }

  void add_data(std::string_view text) {
    if (!text.empty()) add(TokenKind::kData, text);
  }

  // What remains of the text before a tag: {%- takes all white space, lstrip_blocks the blanks of the tag's
  // own line.
  std::string_view strip_before_tag(std::string_view text, size_t tag, bool lstrip) {
    const char sign = tag + 2 < source_.size() ? source_[tag + 2] : '\0';
    if (sign == '-') return text.substr(0, text.size() - trailing_bytes(text, nullptr));
    if (sign == '+' || !lstrip) return text;
    const size_t line = text.rfind('\n') + 1;  // 0 if there is no newline
    if (line == 0 && !line_starting_) return text;
    const std::string_view blanks = text.substr(line);
    return leading_bytes(blanks, nullptr) == blanks.size() ? text.substr(0, line) : text;
  }

  // Passes the end of a tag, with the white space that its sign or trim_blocks takes.
  bool close_tag(std::string_view close, bool trim, bool plus_allowed) {
    if (starts("-") && source_.substr(at_ + 1, close.size()) == close) {
      at_ += 1 + close.size();
      skip_space();
    } else if (plus_allowed && starts("+") && source_.substr(at_ + 1, close.size()) == close) {
      at_ += 1 + close.size();
    } else if (starts(close)) {
      at_ += close.size();
      if (trim && starts("\n")) ++at_;
    } else {
      return false;
    }
    line_starting_ = source_[at_ - 1] == '\n';
    return true;
  }

  void comment() {
    const size_t begin = at_;
    const size_t end = source_.find("#}", at_ + 2);
    if (end == std::string_view::npos) fail(ErrorCode::kCorrupt, begin, "the comment is not closed by '#}'");
    at_ = end;
    const char sign = source_[end - 1];
    if (end > begin + 2 && (sign == '-' || sign == '+')) --at_;
    close_tag("#}", true, true);
  }

  // At "{%": passes "{% raw %}" or "{% endraw %}" if that is what stands here.
  bool raw_tag(std::string_view word, bool trim) {
    const size_t begin = at_;
    at_ += 2;
    if (starts("-") || starts("+")) ++at_;
    skip_space();
    if (starts(word)) {
      at_ += word.size();
      skip_space();
      if (close_tag("%}", trim, trim)) return true;
    }
    at_ = begin;
    return false;
  }

  void raw() {
    const size_t begin = at_;
    for (size_t tag = source_.find("{%", at_); tag != std::string_view::npos;
         tag = source_.find("{%", tag + 2)) {
      at_ = tag;
      const bool was_starting = line_starting_;
      if (!raw_tag("endraw", true)) continue;
      const size_t after = at_;
      const bool now_starting = line_starting_;
      line_starting_ = was_starting;
      at_ = begin;
      add_data(strip_before_tag(source_.substr(begin, tag - begin), tag, true));
      line_starting_ = now_starting;
      at_ = after;
      return;
    }
    fail(ErrorCode::kCorrupt, begin, "the raw block is not closed by '{% endraw %}'");
  }

  void inside(bool block) {
    const size_t begin = at_;
    add(block ? TokenKind::kBlockBegin : TokenKind::kVariableBegin, source_.substr(at_, 2));
    at_ += 2;
    if (starts("-") || starts("+")) ++at_;
    std::string brackets;  // what is open; a tag ends only outside of all of them
    while (true) {
      skip_space();
      if (at_ >= source_.size()) {
        fail(ErrorCode::kCorrupt, begin,
             block ? "the tag is not closed by '%}'" : "the tag is not closed by '}}'");
      }
      const size_t end = at_;
      if (brackets.empty() && close_tag(block ? "%}" : "}}", block, block)) {
        tokens_.push_back({block ? TokenKind::kBlockEnd : TokenKind::kVariableEnd, {}, place_of(end)});
        return;
      }
      expression_token(brackets);
    }
  }

  void expression_token(std::string& brackets) {
    const char c = source_[at_];
    if (is_name_start(c)) {
      size_t end = at_ + 1;
      while (end < source_.size() && is_name_part(source_[end])) ++end;
      take(TokenKind::kName, end);
    } else if (is_decimal(c)) {
      number();
    } else if (c == '"' || c == '\'') {
      string(c);
    } else {
      operator_token(brackets);
    }
  }

  void take(TokenKind kind, size_t end) {
    add(kind, source_.substr(at_, end - at_));
    at_ = end;
  }

  size_t digits_end(size_t at) const {
    while (at < source_.size() &&
           (is_decimal(source_[at]) ||
            (source_[at] == '_' && at + 1 < source_.size() && is_decimal(source_[at + 1])))) {
      ++at;
    }
    return at;
  }

  void number() {
    if (starts("0x") || starts("0X") || starts("0o") || starts("0O") || starts("0b") || starts("0B")) {
      size_t end = at_ + 2;
      while (end < source_.size() && is_name_part(source_[end])) ++end;
      return take(TokenKind::kInteger, end);
    }
    const auto decimal_at = [&](size_t at) { return at < source_.size() && is_decimal(source_[at]); };
    size_t end = digits_end(at_);
    bool real = false;
    const bool after_dot = at_ > 0 && source_[at_ - 1] == '.';  // a.0.1 is two look-ups, not a.(0.1)
    if (!after_dot && end < source_.size() && source_[end] == '.' && decimal_at(end + 1)) {
      real = true;
      end = digits_end(end + 1);
    }
    if (!after_dot && end < source_.size() && (source_[end] == 'e' || source_[end] == 'E')) {
      size_t exponent = end + 1;
      if (exponent < source_.size() && (source_[exponent] == '+' || source_[exponent] == '-')) ++exponent;
      if (decimal_at(exponent)) {
        real = true;
        end = digits_end(exponent);
      }
    }
    take(real ? TokenKind::kFloat : TokenKind::kInteger, end);
  }

  void string(char quote) {
    size_t end = at_ + 1;
    bool escapes = false;
    while (end < source_.size() && source_[end] != quote) {
      escapes |= source_[end] == '\\';
      end += source_[end] == '\\' ? 2 : 1;
    }
    if (end >= source_.size()) fail(ErrorCode::kCorrupt, at_, "the string is not closed by its quote");
    const std::string_view body = source_.substr(at_ + 1, end - at_ - 1);
    add(TokenKind::kString, escapes ? arena_.copy(unescape(body)) : body);
    at_ = end + 1;
  }

  std::string unescape(std::string_view body) {
    constexpr std::string_view kLetters = "\\'\"abfnrtv";
    constexpr std::string_view kMeanings = "\\'\"\a\b\f\n\r\t\v";
    std::string result;
    for (size_t i = 0; i < body.size(); ++i) {
      if (body[i] != '\\') {
        result += body[i];
        continue;
      }
      const char c = body[++i];  // there is one: a final backslash would have escaped the quote
      if (const size_t letter = kLetters.find(c); letter != std::string_view::npos) {
        result += kMeanings[letter];
      } else if (c == 'x' || c == 'u' || c == 'U') {
        const size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;
        append_escaped(result, body.substr(i + 1).substr(0, digits), digits, 16);
        i += digits;
      } else if (c >= '0' && c <= '7') {
        size_t digits = 1;
        while (digits < 3 && i + digits < body.size() && body[i + digits] >= '0' && body[i + digits] <= '7')
          ++digits;
        append_escaped(result, body.substr(i, digits), digits, 8);
        i += digits - 1;
      } else if (c == 'N') {
        fail(ErrorCode::kUnsupported, at_,
             "characters by name ('\\N{...}') are not supported; write '\\u....'");
      } else if (c != '\n') {
        result += '\\';
        result += c;
      }
    }
    return result;
  }

  void append_escaped(std::string& result, std::string_view digits, size_t expected, int base) {
    char32_t value = 0;
    bool good = digits.size() == expected;
    for (const char c : digits) {
      const int digit = is_decimal(c)                            ? c - '0'
                        : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                                 : base;
      good &= digit < base;
      value = value * static_cast<char32_t>(base) + static_cast<char32_t>(digit);
    }
    if (!good || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
      fail(ErrorCode::kCorrupt, at_, "the string has an escape that is no Unicode character");
    }
    append_code_point(result, value);
  }

  void operator_token(std::string& brackets) {
    for (const std::string_view two : {"//", "**", "==", "!=", "<=", ">="}) {
      if (starts(two)) return take(TokenKind::kOperator, at_ + 2);
    }
    const char c = source_[at_];
    if (std::string_view("+-*/%~|.,:;=<>()[]{}").find(c) == std::string_view::npos) {
      fail(ErrorCode::kCorrupt, at_,
           fmt::format("unexpected character '{}'",
                       source_.substr(at_, decode_code_point(source_, at_).size)));
    }
    if (c == '(' || c == '[' || c == '{') brackets += c == '(' ? ')' : c == '[' ? ']' : '}';
    if (c == ')' || c == ']' || c == '}') {
      if (brackets.empty() || brackets.back() != c)
        fail(ErrorCode::kCorrupt, at_, fmt::format("unexpected '{}'", c));
      brackets.pop_back();
    }
    take(TokenKind::kOperator, at_ + 1);
  }

  std::string_view source_;
  Arena& arena_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  bool line_starting_ = true;  // the last tag, if any, took a newline at its end
  size_t counted_ = 0, line_begin_ = 0;
  uint32_t line_ = 1;
};

}  // namespace

std::vector<Token> tokenize(std::string_view source, Arena& arena) {
  return Lexer(source, arena).run();
}

}  // namespace riposte::chat
