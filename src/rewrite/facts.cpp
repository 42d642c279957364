#include "rewrite/facts.h"

#include <utf8proc.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <utility>

#include "rewrite/units.h"

namespace riposte::rewrite {
namespace {

constexpr size_t kMaxPlaceholderBytes = 80;

bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}
bool is_letter(char byte) {
  return std::isalpha(static_cast<unsigned char>(byte)) != 0;
}
bool is_space(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

// The end of what stands between `open` at the beginning of `text` and `close`; 0 if it is empty, too long,
// or goes over a line's end.
size_t enclosed(std::string_view text, std::string_view open, std::string_view close) {
  if (!text.starts_with(open)) return 0;
  const std::string_view near = text.substr(0, kMaxPlaceholderBytes);
  const size_t end = near.find(close, open.size());
  if (end == std::string_view::npos || end == open.size()) return 0;
  if (near.substr(0, end).find('\n') != std::string_view::npos) return 0;
  return end + close.size();
}

// "%s", "%1$d", "%(name)s"
size_t printf_placeholder(std::string_view text) {
  if (!text.starts_with('%')) return 0;
  size_t at = 1;
  if (text.substr(1).starts_with('(')) {
    at = enclosed(text, "%(", ")");
    if (at == 0) return 0;
  } else {
    while (at < text.size() && (is_digit(text[at]) || text[at] == '$' || text[at] == '.')) ++at;
  }
  const bool known = at < text.size() && std::string_view("sdif").find(text[at]) != std::string_view::npos;
  const bool ends = at + 1 >= text.size() || !is_letter(text[at + 1]);
  return known && ends ? at + 1 : 0;
}

size_t tag(std::string_view text) {
  const size_t first = text.starts_with("</") ? 2 : 1;
  if (!text.starts_with('<') || first >= text.size() || !is_letter(text[first])) return 0;
  return enclosed(text, "<", ">");
}

size_t placeholder(std::string_view text, char before) {
  for (const auto& [open, close] : {std::pair{"{{", "}}"}, std::pair{"${", "}"}, std::pair{"{", "}"}}) {
    if (const size_t end = enclosed(text, open, close)) return end;
  }
  if (const size_t end = tag(text)) return end;
  return is_digit(before) ? 0 : printf_placeholder(text);
}

size_t link(std::string_view text) {
  if (!text.starts_with("http://") && !text.starts_with("https://") && !text.starts_with("www.")) return 0;
  size_t end = 0;
  while (end < text.size() && !is_space(text[end]) && text[end] != '<' && text[end] != '>' &&
         text[end] != '"') {
    ++end;
  }
  while (end > 0 && std::string_view(".,;:!?)'").find(text[end - 1]) != std::string_view::npos) --end;
  return end;
}

bool is_of_address(char byte) {
  return is_letter(byte) || is_digit(byte) || byte == '.' || byte == '-' || byte == '_' || byte == '+';
}

// An address whose first byte is the first of `text`.
size_t mail_address(std::string_view text) {
  size_t at = 0;
  while (at < text.size() && is_of_address(text[at])) ++at;
  if (at == 0 || at >= text.size() || text[at] != '@') return 0;
  size_t end = at + 1;
  while (end < text.size() && is_of_address(text[end])) ++end;
  while (end > at && !is_letter(text[end - 1]) && !is_digit(text[end - 1])) --end;
  return text.substr(at, end - at).find('.') == std::string_view::npos ? 0 : end;
}

size_t number(std::string_view text) {
  size_t at = 0;
  while (at < text.size() && is_digit(text[at])) {
    ++at;
    const bool inside = at + 1 < text.size() && (text[at] == '.' || text[at] == ',' || text[at] == ':');
    if (inside && is_digit(text[at + 1])) ++at;
  }
  return at;
}

// Everything but names.
std::vector<Fact> find_literals(std::string_view text) {
  std::vector<Fact> facts;
  for (size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    const char before = at == 0 ? ' ' : text[at - 1];
    const bool inside_word = is_letter(before) || is_digit(before) || (before & 0x80) != 0 || before == '_';
    FactKind kind = FactKind::kPlaceholder;
    size_t length = placeholder(rest, before);
    if (length == 0 && !inside_word) {
      kind = FactKind::kLink;
      length = std::max(link(rest), is_of_address(before) ? 0 : mail_address(rest));
    }
    if (length == 0 && !inside_word) {
      kind = FactKind::kNumber;
      length = number(rest);
    }
    if (length > 0) facts.push_back({kind, {at, at + length}});
    at += std::max<size_t>(length, 1);
  }
  return facts;
}

struct Capitals {
  bool first = false;    // the word begins with a capital letter
  bool further = false;  // there is another behind it
  bool small = false;    // it has a small letter
};

Capitals capitals_of(std::string_view word) {
  Capitals found;
  for (size_t at = 0, index = 0; at < word.size(); ++index) {
    utf8proc_int32_t code = 0;
    const auto read = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(word.data() + at),
                                       static_cast<utf8proc_ssize_t>(word.size() - at), &code);
    if (read <= 0) return found;
    const auto category = utf8proc_category(code);
    if (category == UTF8PROC_CATEGORY_LU) (index == 0 ? found.first : found.further) = true;
    found.small |= category == UTF8PROC_CATEGORY_LL;
    at += static_cast<size_t>(read);
  }
  return found;
}

// "Anna's" is about Anna.
std::string_view without_genitive(std::string_view word) {
  for (const std::string_view ending : {"'s", "\u2019s"}) {
    if (word.ends_with(ending)) return word.substr(0, word.size() - ending.size());
  }
  return word;
}

// "I", "I'm", "I've": capital letters that name nobody.
bool is_pronoun(std::string_view word) {
  return word == "I" || word.starts_with("I'") || word.starts_with("I\u2019");
}

std::vector<Fact> find_names(std::string_view text, std::string_view language) {
  const std::vector<Unit> units = split_units(text);
  const bool has_small = std::ranges::any_of(units, [&](const Unit& unit) {
    return unit.kind == UnitKind::kWord && capitals_of(unit.in(text)).small;
  });
  std::vector<Fact> names;
  if (!has_small) return names;
  bool begins_sentence = true;
  for (const Unit& unit : units) {
    const std::string_view written = unit.in(text);
    if (unit.kind == UnitKind::kSpace) {
      if (written.find('\n') != std::string_view::npos) begins_sentence = true;
      continue;
    }
    if (unit.kind == UnitKind::kSign) {
      // Commas and the like go on with the sentence; ends, quotes, brackets and dashes may begin one.
      if (written != "," && written != ";" && written != "'" && written != "&" && written != "/")
        begins_sentence = true;
      continue;
    }
    const std::string_view word = without_genitive(written);
    const Capitals capitals = capitals_of(word);
    const bool by_beginning = language == "en" && capitals.first && !begins_sentence && !is_pronoun(word);
    begins_sentence = false;
    if (capitals.further || by_beginning)
      names.push_back({FactKind::kName, {unit.begin, unit.begin + word.size()}});
  }
  return names;
}

std::string_view in(std::string_view text, const Fact& fact) {
  return text.substr(fact.where.begin, fact.where.end - fact.where.begin);
}

// What two mentions of the same have in common: "1,000" and "1000" are one number.
std::string key_of(std::string_view text, const Fact& fact) {
  std::string key(in(text, fact));
  if (fact.kind != FactKind::kNumber) return key;
  for (size_t at = key.find(','); at != std::string::npos; at = key.find(',', at)) {
    const size_t digits = std::min(key.find_first_not_of("0123456789", at + 1), key.size()) - at - 1;
    if (digits == 3) {
      key.erase(at, 1);
    } else {
      ++at;
    }
  }
  return key;
}

std::map<std::pair<FactKind, std::string>, int> count(std::string_view text, const std::vector<Fact>& facts) {
  std::map<std::pair<FactKind, std::string>, int> counts;
  for (const Fact& fact : facts) ++counts[{fact.kind, key_of(text, fact)}];
  return counts;
}

bool has_word(std::string_view text, const std::vector<Unit>& units, std::string_view word) {
  return std::ranges::any_of(units,
                             [&](const Unit& unit) { return without_genitive(unit.in(text)) == word; });
}

}  // namespace

std::vector<Fact> find_facts(std::string_view text, std::string_view language) {
  std::vector<Fact> facts = find_literals(text);
  const size_t literals = facts.size();
  for (const Fact& name : find_names(text, language)) {
    const bool inside =
        std::any_of(facts.begin(), facts.begin() + static_cast<ptrdiff_t>(literals), [&](const Fact& fact) {
          return name.where.begin < fact.where.end && fact.where.begin < name.where.end;
        });
    if (!inside) facts.push_back(name);
  }
  std::ranges::sort(facts, {}, [](const Fact& fact) { return fact.where.begin; });
  return facts;
}

std::vector<Concern> compare_facts(std::string_view source, std::string_view result,
                                   std::string_view language) {
  const std::vector<Fact> before = find_facts(source, language);
  const std::vector<Fact> after = find_facts(result, language);
  const auto in_source = count(source, before);
  auto left = count(result, after);
  const std::vector<Unit> result_units = split_units(result);
  std::vector<Concern> concerns;
  for (const Fact& fact : before) {
    const bool survives = fact.kind == FactKind::kName ? has_word(result, result_units, in(source, fact))
                                                       : left[{fact.kind, key_of(source, fact)}]-- > 0;
    if (!survives) concerns.push_back({fact.kind, false, fact.where});
  }
  for (const Fact& fact : after) {
    if (fact.kind != FactKind::kName && !in_source.contains({fact.kind, key_of(result, fact)})) {
      concerns.push_back({fact.kind, true, fact.where});
    }
  }
  return concerns;
}

std::string_view name_of(FactKind kind) {
  switch (kind) {
    case FactKind::kName:
      return "name";
    case FactKind::kLink:
      return "link";
    case FactKind::kPlaceholder:
      return "placeholder";
    case FactKind::kNumber:
      break;
  }
  return "number";
}

}  // namespace riposte::rewrite
