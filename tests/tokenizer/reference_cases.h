// Reading the JSON Lines of tokeniser cases: {"text": string, "ids": [int], "parse_special": bool}.
#pragma once

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/token.h"

namespace riposte::tokenizer {

struct ReferenceCase {
  std::string text;
  std::vector<TokenId> ids;
  bool parse_special = false;  // control tokens are matched everywhere
};

// The cases of `path`, with their ids under the key `ids_key`; none if there is no such file.
inline std::vector<ReferenceCase> read_cases(const std::filesystem::path& path, const char* ids_key = "ids") {
  std::vector<ReferenceCase> cases;
  std::ifstream lines(path);
  for (std::string line; std::getline(lines, line);) {
    const boost::json::object object = boost::json::parse(line).as_object();
    ReferenceCase next;
    next.text = std::string(object.at("text").as_string());
    for (const auto& id : object.at(ids_key).as_array())
      next.ids.push_back(static_cast<TokenId>(id.as_int64()));
    next.parse_special = object.contains("parse_special") && object.at("parse_special").as_bool();
    cases.push_back(std::move(next));
  }
  return cases;
}

}  // namespace riposte::tokenizer
