#include "rewrite/lean.h"

#include <algorithm>

namespace riposte::rewrite {
namespace {

constexpr std::string_view kSpaces = " \t\r\n";

// The line at `begin` with its line break.
ByteRange line_at(std::string_view text, size_t begin) {
  const size_t end = text.find('\n', begin);
  return {begin, end == std::string_view::npos ? text.size() : end + 1};
}

std::string_view without_break(std::string_view line) {
  const size_t last = line.find_last_not_of("\r\n");
  return line.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

// The fence with which a line begins: at least three of ` or ~, at most three spaces before them. Empty: none.
std::string_view fence_of(std::string_view line) {
  const size_t begin = std::min(line.find_first_not_of(' '), line.size());
  if (begin > 3 || begin == line.size() || (line[begin] != '`' && line[begin] != '~')) return {};
  const size_t end = std::min(line.find_first_not_of(line[begin], begin), line.size());
  return end - begin >= 3 ? line.substr(begin, end - begin) : std::string_view();
}

bool closes(std::string_view line, std::string_view fence) {
  const std::string_view found = fence_of(line);
  if (found.size() < fence.size() || found[0] != fence[0]) return false;
  return line.find_first_not_of(" \t", static_cast<size_t>(found.data() + found.size() - line.data())) ==
         std::string_view::npos;
}

size_t signature_begin(std::string_view text) {
  size_t found = text.size();
  for (size_t begin = 0; begin < text.size();) {
    const ByteRange line = line_at(text, begin);
    if (without_break(text.substr(line.begin, line.end - line.begin)) == "-- ") found = line.begin;
    begin = line.end;
  }
  return found;
}

ByteRange trimmed(std::string_view text, ByteRange range) {
  const std::string_view part = text.substr(range.begin, range.end - range.begin);
  const size_t first = part.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {range.begin, range.begin};
  return {range.begin + first, range.begin + part.find_last_not_of(kSpaces) + 1};
}

// What no rule takes out, as stretches of whole lines.
std::vector<ByteRange> stretches(std::string_view text, const LeanRules& rules) {
  std::vector<ByteRange> found;
  const size_t end = rules.signature ? signature_begin(text) : text.size();
  std::string_view fence;
  for (size_t begin = 0; begin < end;) {
    const ByteRange range = line_at(text, begin);
    const std::string_view line = without_break(text.substr(range.begin, range.end - range.begin));
    bool kept = true;
    if (rules.code && !fence.empty()) {
      kept = false;
      if (closes(line, fence)) fence = {};
    } else if (rules.code && !fence_of(line).empty()) {
      kept = false;
      fence = fence_of(line);
    } else if (rules.quotes && line.starts_with('>')) {
      kept = false;
    }
    if (kept && !found.empty() && found.back().end == range.begin) {
      found.back().end = range.end;
    } else if (kept) {
      found.push_back(range);
    }
    begin = range.end;
  }
  return found;
}

}  // namespace

Result<LeanRules> parse_lean_rules(std::string_view names) {
  if (names == "all") return LeanRules();
  LeanRules rules;
  for (const LeanRule& each : kLeanRules) rules.*each.rule = false;
  if (names == "none") return rules;
  for (size_t begin = 0; begin <= names.size();) {
    const size_t end = std::min(names.find(',', begin), names.size());
    const std::string_view name = names.substr(begin, end - begin);
    const auto rule = std::ranges::find(kLeanRules, name, &LeanRule::name);
    if (rule == kLeanRules.end()) {
      return fail(ErrorCode::kInvalidArgument,
                  "'{}' is no rule of lean input; there are edges, instruction, quotes, signature, code, or all, or none",
                  name);
    }
    rules.*rule->rule = true;
    begin = end + 1;
  }
  return rules;
}

std::vector<ByteRange> prose_of(std::string_view text, const LeanRules& rules, size_t most) {
  const auto is_blank = [&](const ByteRange& range) {
    return text.substr(range.begin, range.end - range.begin).find_first_not_of(kSpaces) == std::string_view::npos;
  };
  std::vector<ByteRange> parts = stretches(text, rules);
  std::erase_if(parts, is_blank);
  if (parts.empty() || parts.size() > most) parts = {{0, text.size()}};
  if (rules.edges) {
    for (ByteRange& part : parts) part = trimmed(text, part);
  }
  return parts;
}

std::string lean_instruction(std::string_view instruction, const LeanRules& rules) {
  if (!rules.instruction) return std::string(instruction);
  std::string lean;
  size_t breaks = 0;  // since the last line with something in it
  for (size_t begin = 0; begin < instruction.size();) {
    const ByteRange range = line_at(instruction, begin);
    std::string_view line = instruction.substr(range.begin, range.end - range.begin);
    const size_t last = line.find_last_not_of(kSpaces);
    line = line.substr(0, last == std::string_view::npos ? 0 : last + 1);
    if (!line.empty()) {
      if (lean.empty()) {
        line.remove_prefix(line.find_first_not_of(kSpaces));
      } else {
        lean.append(std::min<size_t>(breaks, 2), '\n');
      }
      lean += line;
      breaks = 0;
    }
    ++breaks;
    begin = range.end;
  }
  return lean;
}

}  // namespace riposte::rewrite
