#include "rewrite/prompt.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "drafting/as_written.h"

namespace riposte::rewrite {
namespace {

constexpr int64_t kMaxTokensExtra = 32;  // room for an answer to a text of one word

std::string written(const tokenizer::Tokenizer& tokenizer, TokenId token) {
  return std::string(tokenizer.token_bytes(token, /*with_control=*/true));
}

void add_bos(const tokenizer::Tokenizer& tokenizer, std::vector<TokenId>& ids) {
  const TokenId bos = tokenizer.bos();
  if (tokenizer.adds_bos() && bos != kNoToken && (ids.empty() || ids.front() != bos)) ids.insert(ids.begin(), bos);
}

Result<std::vector<TokenId>> prompt_of(const PromptFormat& format, const Preset& preset, std::string_view text) {
  if (!preset.prompt.empty()) return encode_prompt(format.tokenizer, preset.prompt, text);
  const boost::json::array messages{
      boost::json::object{{"role", "system"}, {"content", boost::json::string_view(preset.instruction)}},
      boost::json::object{{"role", "user"}, {"content", boost::json::string_view(text.data(), text.size())}}};
  return encode_messages(format, messages);
}

}  // namespace

uint64_t task_of(std::string_view instruction) {
  if (instruction.empty()) return 0;
  return std::max<uint64_t>(1, std::hash<std::string_view>()(instruction));
}

Result<std::vector<TokenId>> encode_messages(const PromptFormat& format, const boost::json::array& messages,
                                             const PromptExtras& extras) {
  const tokenizer::Tokenizer& tokenizer = format.tokenizer;
  const chat::TemplateInput input{.messages = messages,
                                  .tools = extras.tools,
                                  .add_generation_prompt = true,
                                  .bos_token = written(tokenizer, tokenizer.bos()),
                                  .eos_token = written(tokenizer, tokenizer.eos()),
                                  .extra = extras.variables,
                                  .now = std::nullopt};
  const Result<tokenizer::MarkedText> rendered = format.chat_template.render(input);
  if (!rendered) return pass_on(rendered);
  std::vector<TokenId> ids = tokenizer.encode(*rendered);
  add_bos(tokenizer, ids);
  return ids;
}

std::vector<TokenId> encode_prompt(const tokenizer::Tokenizer& tokenizer, std::string_view prompt, std::string_view text) {
  constexpr std::string_view kPlaceholder = "{text}";
  const size_t at = std::min(prompt.find(kPlaceholder), prompt.size());
  tokenizer::MarkedText marked;
  marked.append_trusted(prompt.substr(0, at));
  marked.append_untrusted(text);
  marked.append_trusted(prompt.substr(std::min(at + kPlaceholder.size(), prompt.size())));
  std::vector<TokenId> ids = tokenizer.encode(marked);
  add_bos(tokenizer, ids);
  return ids;
}

std::vector<TokenId> encode_source(const tokenizer::Tokenizer& tokenizer, std::string_view text) {
  return tokenizer.encode(drafting::as_written(text));
}

Result<void> check_not_blank(std::string_view text) {
  if (text.find_first_not_of(" \t\r\n") != std::string_view::npos) return {};
  return fail(ErrorCode::kInvalidArgument, "there is nothing to rewrite: the text is empty");
}

Result<engine::Request> make_request(const PromptFormat& format, const Preset& preset,
                                     std::string_view text) {
  if (auto some = check_not_blank(text); !some) return pass_on(some);
  Result<std::vector<TokenId>> prompt = prompt_of(format, preset, text);
  if (!prompt) return pass_on(prompt);
  engine::Request request;
  request.prompt = std::move(*prompt);
  request.adapter = preset.adapter;
  request.edit_confidence = preset.edit_confidence;
  request.source = encode_source(format.tokenizer, text);
  request.task = task_of(preset.prompt.empty() ? preset.instruction : preset.prompt);
  request.sampling = preset.sampling;
  const auto text_tokens = static_cast<int64_t>(format.tokenizer.encode(text).size());
  const int64_t wanted = int64_t{preset.max_tokens_factor} * text_tokens;
  request.max_tokens =
      static_cast<int32_t>(std::min<int64_t>(wanted + kMaxTokensExtra, std::numeric_limits<int32_t>::max()));
  return request;
}

Result<engine::Request> make_request(const PromptFormat& format, std::string_view instruction,
                                     std::string_view text) {
  Preset preset;
  preset.instruction = instruction;
  return make_request(format, preset, text);
}

Result<std::vector<TokenId>> preset_beginning(const PromptFormat& format, const Preset& preset) {
  // Two texts that have nothing in common.
  auto one = make_request(format, preset, "She");
  if (!one) return pass_on(one);
  const auto other = make_request(format, preset, "7 of");
  if (!other) return pass_on(other);
  const auto end = std::ranges::mismatch(one->prompt, other->prompt).in1;
  one->prompt.erase(end, one->prompt.end());
  return std::move(one->prompt);
}

}  // namespace riposte::rewrite
