#include "support.h"

#include <gtest/gtest.h>

#include <fstream>

namespace riposte::chat {

Result<tokenizer::MarkedText> render(std::string_view source, std::string_view messages,
                                     const RenderLimits& limits, std::string_view extra) {
  const auto parsed = Template::parse(source);
  if (!parsed) return pass_on(parsed);
  const boost::json::value list = boost::json::parse({messages.data(), messages.size()});
  TemplateInput input{list.as_array()};
  input.bos_token = "<s>";
  input.eos_token = "</s>";
  boost::json::value more;
  if (!extra.empty()) {
    more = boost::json::parse({extra.data(), extra.size()});
    input.extra = &more.as_object();
  }
  return parsed->render(input, limits);
}

std::vector<boost::json::object> read_json_lines(const std::filesystem::path& path) {
  std::vector<boost::json::object> objects;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    boost::json::error_code error;
    boost::json::value value = boost::json::parse(line, error);
    if (error || !value.is_object()) {
      ADD_FAILURE() << path << " line " << objects.size() + 1 << " is not a JSON object";
      continue;
    }
    objects.push_back(std::move(value.get_object()));
  }
  return objects;
}

std::string show_marks(const tokenizer::MarkedText& text) {
  std::string shown;
  size_t at = 0;
  for (size_t i = 0; i < text.trusted.size(); ++i) {
    const auto& range = text.trusted[i];
    const bool good =
        range.begin < range.end && range.end <= text.text.size() && (i == 0 || range.begin > at);
    EXPECT_TRUE(good) << "range " << i << " is empty, out of order or touches the one before";
    if (!good) return shown;
    shown += text.text.substr(at, range.begin - at);
    shown += "⟦" + text.text.substr(range.begin, range.end - range.begin) + "⟧";
    at = range.end;
  }
  return shown + text.text.substr(at);
}

}  // namespace riposte::chat
