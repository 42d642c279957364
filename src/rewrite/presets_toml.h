// The text of presets.toml, as embedded in the binary (see embed.cmake).
#pragma once

#include <string_view>

namespace riposte::rewrite {

extern const std::string_view kPresetsToml;

}  // namespace riposte::rewrite
