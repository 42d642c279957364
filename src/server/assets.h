// Files that are part of the binary and handed out as they are: the page and the description of the API.
#pragma once

#include <span>
#include <string_view>

namespace riposte::server {

struct Asset {
  std::string_view path;  // where it is to be had: "/style.css"
  std::string_view content_type;
  std::string_view text;
};

std::span<const Asset> assets();

}  // namespace riposte::server
