// Which tokens end an answer.
#pragma once

#include <vector>

#include "base/result.h"
#include "base/token.h"
#include "gguf/file.h"
#include "tokenizer/vocabulary.h"

namespace riposte::tokenizer {

// The id under `key`, kNoToken if the file has no such key. Errors: kCorrupt (not an integer, or not in the
// vocabulary).
Result<TokenId> read_token_id(const gguf::File& file, std::string_view key, const Vocabulary& vocabulary);

// Sorted ids: what the file names as end of sequence, turn or message, and the control tokens that are known
// by their names to end a turn (files often name only one of several). Errors: as read_token_id.
Result<std::vector<TokenId>> find_end_tokens(const gguf::File& file, const Vocabulary& vocabulary);

}  // namespace riposte::tokenizer
