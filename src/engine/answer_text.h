// The text of one answer as it grows: bytes of tokens in, whole characters out, until a stop string.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/tokenizer.h"

namespace riposte::engine {

// Text that may be the beginning of a stop string is held back until that is decided; the stop string itself
// and what follows it are never given out. The text counts as if it were read byte by byte: the stop string
// that is complete first stops the answer, and of two that are complete at once the longer one is cut off. So
// it does not matter where one token ends and the next begins.
class AnswerText {
 public:
  // `stops`: none of them empty, none beginning inside a character.
  explicit AnswerText(std::vector<std::string> stops) : stops_(std::move(stops)) {}

  // Appends to `out` what is certain by now. True if a stop string is complete: nothing may be pushed after
  // that.
  bool push(std::string_view bytes, std::string& out);
  // The end of the answer: what is held back is certain now. True as above.
  bool finish(std::string& out);

 private:
  bool stop_at_match(std::string& out);
  size_t undecided_bytes() const;

  std::vector<std::string> stops_;
  tokenizer::Utf8Stream characters_;
  std::string held_;
};

}  // namespace riposte::engine
