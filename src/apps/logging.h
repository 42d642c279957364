// How the process writes what happens, on standard error.
#pragma once

#include <string>

namespace riposte::apps {

// `level`: "info", "warning" or "error". As JSON, each message is one object on a line of its own.
void configure_logging(bool as_json, const std::string& level);

}  // namespace riposte::apps
