// What a GGUF file holds, by its own word: not every one is a model.
#pragma once

#include <string_view>

#include "base/result.h"
#include "gguf/file.h"

namespace riposte::model {

// "general.type": "model", "adapter", ...; "model" where the file does not say.
std::string_view file_type(const gguf::File& file);

// Errors: kUnsupported, with what to do about a file that is something else.
Result<void> check_is_model(const gguf::File& file);

}  // namespace riposte::model
