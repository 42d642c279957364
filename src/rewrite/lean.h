// Lean input: what of a request the model need not read. What is kept from it in a text stands in the result as it stood
// in the text, so nothing is ever lost or shortened; and of an instruction only such white space goes as no reader sees.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rewrite/difference.h"

namespace riposte::rewrite {

// Each is a rule with a switch.
struct LeanRules {
  bool edges = true;        // white space around a text
  bool instruction = true;  // white space of an instruction: around it, at the ends of its lines, further empty lines
  bool quotes = true;       // lines that begin with ">": somebody else's words (RFC 3676, section 4.5)
  bool signature = true;    // from the last line "-- " on (RFC 3676, section 4.3)
  bool code = true;         // fenced blocks (CommonMark, section 4.5)

  friend bool operator==(const LeanRules&, const LeanRules&) = default;
};

struct LeanRule {
  std::string_view name;
  bool LeanRules::* rule;
};
inline constexpr std::array<LeanRule, 5> kLeanRules = {{{"edges", &LeanRules::edges},
                                                        {"instruction", &LeanRules::instruction},
                                                        {"quotes", &LeanRules::quotes},
                                                        {"signature", &LeanRules::signature},
                                                        {"code", &LeanRules::code}}};

// "edges,code", "all" or "none". Errors: kInvalidArgument (a rule that there is not).
Result<LeanRules> parse_lean_rules(std::string_view names);

// The parts of `text` that are to be rewritten, in order and not blank; with `rules.edges` without the white space around
// them. Where nothing would be left, or more than `most` parts, all of it is one part.
std::vector<ByteRange> prose_of(std::string_view text, const LeanRules& rules, size_t most);

std::string lean_instruction(std::string_view instruction, const LeanRules& rules);

}  // namespace riposte::rewrite
