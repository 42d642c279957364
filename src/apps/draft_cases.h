// Recorded pairs of a text and its answer, for replaying drafts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace riposte::apps {

struct DraftCase {
  std::string source;
  std::string answer;
  std::string prediction;    // may be empty
  bool ended = true;         // the model ended the answer itself
  int32_t prompt_rows = 32;  // rows of the pass that read the prompt
};

// One JSON object a line, as `riposte rewrite --json` prints them: "source" and "text", and where they are
// known "finish_reason", "prompt_tokens" and "cached_tokens"; "prediction" may be added. Lines with an
// "error" are left out. Errors: kNotFound, kIo, kCorrupt with the line's number.
Result<std::vector<DraftCase>> read_draft_cases(const std::filesystem::path& path);

// The words of the source (as a model would write it, drafting/as_written.h) that a rewriting changed:
// Levenshtein's distance over words between white spaces, in relation to the words of the source.
double edited_share(std::string_view source, std::string_view answer);

}  // namespace riposte::apps
