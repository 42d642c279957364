// An answer shown with the origin of each of its tokens: copied, remembered or computed, and in which pass.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "drafting/draft.h"
#include "engine/request.h"
#include "rewrite/assembly.h"
#include "tokenizer/tokenizer.h"

namespace riposte::apps {

// "source", "history", "prediction", "model", "lookahead"
std::string_view origin_name(drafting::Origin origin);

// Neighbouring tokens of one pass and one origin. Nothing: the last token of a pass, computed by the model
// alone.
struct Piece {
  std::string text;  // whole characters
  int32_t tokens = 0;
  int32_t pass = 0;
  std::optional<drafting::Origin> origin;
};
// A character whose bytes are spread over several tokens belongs to the last of them.
std::vector<Piece> pieces_of(std::span<const engine::TokenTrace> trace,
                             const tokenizer::Tokenizer& tokenizer);

// Of a text in parts: pass numbers run on from part to part, and what lies between two belongs to the first.
// A part of which the source stayed counts as copied.
std::vector<Piece> pieces_of(const rewrite::Assembly& assembly, const tokenizer::Tokenizer& tokenizer);

// In marks that any text can carry: what was computed stands in [brackets], what comes from earlier answers
// in {braces}, from a prediction in <angles>, from a smaller model in (parentheses), from the model itself
// behind a wrong guess between ~tildes~; what was copied from the source stands as it is. Then a legend of
// the marks that occur, and what it cost. Lines end with "\n".
std::string explain_plainly(std::span<const Piece> pieces, const engine::Usage& usage);

// In colours (ANSI escapes, 256 colours): the answer, the same as a staircase with a step for each pass, a
// legend and what it cost. `columns`: the width of the terminal; where a stair would be wider, steps begin at
// the left.
std::string explain_in_colours(std::span<const Piece> pieces, const engine::Usage& usage, int columns);

}  // namespace riposte::apps
