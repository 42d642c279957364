// Files that are part of the binary and handed out as they are.
#pragma once

#include <string_view>

namespace riposte::server {

extern const std::string_view kOpenApi;  // src/api/openapi.json

}  // namespace riposte::server
