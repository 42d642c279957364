// A template's source as tokens: the text between tags, with Jinja's white-space rules applied, and what is
// in the tags.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chat/arena.h"

namespace riposte::chat {

struct Place {
  uint32_t line = 1;    // from 1
  uint32_t column = 1;  // from 1, in bytes
};

// A syntax error or an unsupported construct, with its place in the message.
struct SyntaxFailure {
  ErrorCode code;
  Place place;
  std::string message;
};

enum class TokenKind : uint8_t {
  kData,           // text outside of tags
  kBlockBegin,     // {%
  kBlockEnd,       // %}
  kVariableBegin,  // {{
  kVariableEnd,    // }}
  kName,
  kString,  // its value, escapes resolved
  kInteger,
  kFloat,
  kOperator,
  kEnd,
};

struct Token {
  TokenKind kind;
  std::string_view text;
  Place place;
};

// "\r\n" and "\r" as "\n", and without the one newline that Jinja drops at the end of a file.
std::string normalize_newlines(std::string_view source);

// Tokens refer to `source` and to `arena`; the last one is kEnd. Options as in Hugging Face transformers:
// trim_blocks (the newline after a block tag goes) and lstrip_blocks (the blanks before a block tag on a line
// of its own go). Throws SyntaxFailure.
std::vector<Token> tokenize(std::string_view source, Arena& arena);

}  // namespace riposte::chat
