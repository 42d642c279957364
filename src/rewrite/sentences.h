// Where the sentences of a text are, so that each can be rewritten, and remembered, for itself.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "rewrite/difference.h"

namespace riposte::rewrite {

// The parts of `text` that are to be rewritten, in order: sentences without the white space around them. What
// lies between them, before the first and behind the last is white space, so that nothing of a text is in no
// part but that. A text of white space has none. Bytes that are not UTF-8 do no harm.
//
// A sentence ends behind . ! ? or their relatives and what closes quotes and brackets, if white space follows
// and then anything but a small letter; behind an empty line; and before a line that begins like an item of a
// list. A point does not end one behind an abbreviation ("Dr.", "z. B."), a single letter ("J. Smith"), or in
// German behind a number that may be an ordinal ("am 3. Mai"). Where it is not clear, nothing is cut: two
// sentences together are rewritten as well as ever.
std::vector<ByteRange> split_sentences(std::string_view text, std::string_view language);

// As few neighbours as needed become one part, until there are at most `most` (at least 1).
void join_parts(std::vector<ByteRange>& parts, size_t most);

}  // namespace riposte::rewrite
