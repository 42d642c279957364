// The sentences that benchmarks rewrite: those of files, or a few of Riposte's own.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/result.h"

namespace riposte::apps {

struct SentenceChoice {
  std::vector<std::string> files;  // a sentence a line, blank lines left out; none: our own
  int32_t from = 0;                // the number of the first, from 0
  int32_t count = std::numeric_limits<int32_t>::max();  // so many at most
};

// --sentences, --from and --count, with their checks.
void add_sentence_options(CLI::App& command, SentenceChoice& choice);

// At least one. Errors: those of reading, with the file's path; kInvalidArgument if none is left.
Result<std::vector<std::string>> bench_sentences(const SentenceChoice& choice);

}  // namespace riposte::apps
