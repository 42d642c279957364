// What an embedding is made of where neither a request nor a flag says: what the model was trained for.
#pragma once

#include <string_view>

#include "base/result.h"
#include "engine/pooling.h"
#include "gguf/file.h"

namespace riposte::apps {

// By "ARCHITECTURE.pooling_type" of the file, in llama.cpp's numbers; the mean of all tokens where the file does not say, as
// files of models for text don't. Errors: kUnsupported (the first token's vector, a rank), kCorrupt (no such number).
Result<engine::Pooling> pooling_of(const gguf::File& file, std::string_view architecture);

}  // namespace riposte::apps
