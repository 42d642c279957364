// From a sentence and an instruction to a request: messages -> chat template -> token ids, the source beside
// them.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/token.h"
#include "chat/template.h"
#include "engine/request.h"
#include "rewrite/presets.h"
#include "tokenizer/tokenizer.h"

namespace riposte::rewrite {

// What turns messages into ids: both belong to one model and outlive every call.
struct PromptFormat {
  const chat::Template& chat_template;
  const tokenizer::Tokenizer& tokenizer;
};

// Variables of the template beside the messages; either may be null.
struct PromptExtras {
  const boost::json::array* tools = nullptr;
  const boost::json::object* variables = nullptr;
};

// Request::task of all requests with this instruction; 0 if it is empty. The same within one process.
uint64_t task_of(std::string_view instruction);

// Renders the messages, ready for the answer, and encodes them: special tokens come from the template alone.
// BOS is put in front where the model wants it and the template has not written it. Errors: those of
// Template::render.
Result<std::vector<TokenId>> encode_messages(const PromptFormat& format, const boost::json::array& messages,
                                             const PromptExtras& extras = {});

// A text as Request::source and Request::prediction take it: spaced as a model would write it
// (drafting/as_written.h).
std::vector<TokenId> encode_source(const tokenizer::Tokenizer& tokenizer, std::string_view text);

// A prompt of Preset::prompt with the text in its place: special tokens come from the prompt alone. BOS is put in front where
// the model wants it and the prompt has not written it.
std::vector<TokenId> encode_prompt(const tokenizer::Tokenizer& tokenizer, std::string_view prompt, std::string_view text);

// Errors: kInvalidArgument (there is nothing but white space).
Result<void> check_not_blank(std::string_view text);

// The preset's instruction as system message and as Request::task, the text as user message and as
// Request::source; or the preset's own prompt, if it has one; max_tokens is max_tokens_factor times the text's tokens plus 32. Errors: kInvalidArgument
// (an empty text), those of encode_messages.
Result<engine::Request> make_request(const PromptFormat& format, const Preset& preset, std::string_view text);

// The same with an instruction of one's own and the defaults of a Preset (greedy).
Result<engine::Request> make_request(const PromptFormat& format, std::string_view instruction,
                                     std::string_view text);

// What all prompts of a preset begin with, whatever the text: worth keeping in KV memory. Errors: those of
// encode_messages.
Result<std::vector<TokenId>> preset_beginning(const PromptFormat& format, const Preset& preset);

}  // namespace riposte::rewrite
