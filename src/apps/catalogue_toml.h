// The text of catalogue.toml, as embedded in the binary (see embed.cmake).
#pragma once

#include <string_view>

namespace riposte::apps {

extern const std::string_view kCatalogueToml;

}  // namespace riposte::apps
