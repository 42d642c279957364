// Names of files and addresses that a user gives to `riposte pull`.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace riposte::apps {

// A name for the models directory: letters, digits, '.', '_' and '-', no leading dot, ends in ".gguf".
bool is_model_file_name(std::string_view name);

// The last part of the path of a valid URL, decoded ("" if there is none).
// Errors: kInvalidArgument (not a URL, or not https; http is for this machine itself only).
Result<std::string> check_url(const std::string& url);

// "owner/repo/folder/file.gguf" -> the address of that file in the main branch of that Hugging Face
// repository. Errors: kInvalidArgument (fewer than three parts, or a part that is no plain name).
Result<std::string> hugging_face_url(std::string_view path);

}  // namespace riposte::apps
