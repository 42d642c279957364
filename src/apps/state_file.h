// Small files of what Riposte learnt about this machine, so that it is learnt once. Losing one costs the
// learning.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace riposte::apps {

// Nothing where the file is missing, unreadable or larger than such a file can be.
std::optional<std::string> read_state_file(const std::filesystem::path& path);
// Replaces the file as a whole, so that others see the old one or the new one. Failing is no error.
void write_state_file(const std::filesystem::path& path, std::string_view text);

}  // namespace riposte::apps
