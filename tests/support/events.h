// Reading a stream of server-sent events back.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace riposte::testing {

struct Event {
  std::string name;  // empty: without one
  std::string data;
};

// Every event must have exactly one line of data and end with an empty line.
inline std::vector<Event> events_of(std::string_view stream) {
  std::vector<Event> events;
  while (!stream.empty()) {
    const size_t end = stream.find("\n\n");
    EXPECT_NE(end, std::string_view::npos) << "an unfinished event: " << stream;
    if (end == std::string_view::npos) break;
    std::string_view text = stream.substr(0, end);
    Event event;
    if (text.starts_with("event: ")) {
      const size_t line = text.find('\n');
      event.name = text.substr(7, line - 7);
      text.remove_prefix(line + 1);
    }
    EXPECT_TRUE(text.starts_with("data: ")) << text;
    EXPECT_EQ(text.find('\n'), std::string_view::npos) << text;
    event.data = text.substr(std::min<size_t>(6, text.size()));
    events.push_back(std::move(event));
    stream.remove_prefix(end + 2);
  }
  return events;
}

}  // namespace riposte::testing
