// What the chat tests share: rendering JSON, reading JSON Lines, checking marks.
#pragma once

#include <boost/json.hpp>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "chat/template.h"

namespace riposte::chat {

// Renders `source` on messages (a JSON array) and tools and extra, where they are not empty.
Result<tokenizer::MarkedText> render(std::string_view source, std::string_view messages,
                                     const RenderLimits& limits = {}, std::string_view extra = {});

// The objects of a file, one per line. Fails the test if a line is not one.
std::vector<boost::json::object> read_json_lines(const std::filesystem::path& path);

// The text with its trusted ranges in ⟦ ⟧, and whether the ranges are in order and do not touch.
std::string show_marks(const tokenizer::MarkedText& text);

}  // namespace riposte::chat
