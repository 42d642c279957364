#include "api/chat_rewriting.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "rewrite/assembly.h"
#include "rewrite/parts.h"
#include "rewrite/prompt.h"

namespace riposte::api {
namespace {

// The preset that the model's prompt is of; null: it has no prompt of its own.
const rewrite::Preset* rewriting_preset(const ServedModel& model) {
  if (model.prompt.empty()) return nullptr;
  const auto all = model.presets.all();
  const auto found = std::ranges::find_if(all, [&model](const rewrite::Preset& preset) {
    return preset.prompt == model.prompt && preset.adapter == model.adapter;
  });
  return found == all.end() ? nullptr : &*found;
}

bool is_plain(const ChatRequest& chat) {
  return chat.choices == 1 && chat.sampling.top_logprobs < 0 && chat.stop.empty() && chat.tools.empty() &&
         !chat.form && !chat.ignore_end && chat.max_tokens != 0;
}

// Several answers, told in the words of a dialect as the only one.
class PartsWriter final : public AnswerWriter {
 public:
  PartsWriter(std::unique_ptr<AnswerWriter> dialect, rewrite::Assembly assembly)
      : dialect_(std::move(dialect)), assembly_(std::move(assembly)) {}

  std::string whole(std::span<const ChoiceAnswer> parts) override {
    ChoiceAnswer one;
    for (size_t part = 0; part < parts.size(); ++part) {
      one.text += assembly_.add(part, parts[part].text);
      one.text += assembly_.end(part, parts[part].finish);
    }
    one.finish = finish();
    return dialect_->whole({&one, 1});
  }
  void begin(std::string& out) override { dialect_->begin(out); }
  void part(int32_t part, const AnswerPart& answer, std::string& out) override {
    tell(assembly_.add(static_cast<size_t>(part), answer.text), out);
  }
  void end(int32_t part, const engine::Finish& finish_of_part, std::string& out) override {
    tell(assembly_.end(static_cast<size_t>(part), finish_of_part), out);
    if (assembly_.whole()) dialect_->end(0, finish(), out);
  }
  void done(std::string& out) override { dialect_->done(out); }
  void error(const ApiError& error, std::string& out) override { dialect_->error(error, out); }
  StreamKind stream_kind() const override { return dialect_->stream_kind(); }

 private:
  void tell(std::string text, std::string& out) const {
    if (!text.empty()) dialect_->part(0, {std::move(text), {}}, out);
  }
  // A part that stayed as it was is whole, wherever its answer was cut.
  engine::Finish finish() const {
    engine::Finish all = assembly_.finish();
    all.reason = engine::FinishReason::kStop;
    for (size_t part = 0; part < assembly_.parts(); ++part) {
      if (assembly_.stray(part) == rewrite::Stray::kNone &&
          assembly_.finish(part).reason == engine::FinishReason::kLength) {
        all.reason = engine::FinishReason::kLength;
      }
    }
    return all;
  }

  const std::unique_ptr<AnswerWriter> dialect_;
  rewrite::Assembly assembly_;
};

struct Rewriting {
  rewrite::CutText text;
  std::vector<int64_t> tokens;  // [parts]
  int64_t all_tokens = 0;
};

Rewriting rewriting_of(const std::string& text, const rewrite::Preset& preset, const ServedModel& model) {
  Rewriting rewriting;
  rewriting.text = rewrite::cut_text(
      text, {.lean = model.lean, .by_sentence = preset.by_sentence, .language = preset.language});
  for (size_t part = 0; part < rewriting.text.parts.size(); ++part) {
    rewriting.tokens.push_back(
        static_cast<int64_t>(model.tokenizer.encode(rewriting.text.part_text(part)).size()));
    rewriting.all_tokens += rewriting.tokens.back();
  }
  return rewriting;
}

// `chat` has been checked by to_engine_request, which made `whole` of it.
ApiResult<std::vector<engine::Request>> requests_of(const Rewriting& rewriting, const rewrite::Preset& preset,
                                                    const ChatRequest& chat, const engine::Request& whole,
                                                    const ServedModel& model, const std::string& param) {
  std::vector<engine::Request> requests;
  for (size_t part = 0; part < rewriting.text.parts.size(); ++part) {
    auto request = rewrite::make_request({*model.chat_template, model.tokenizer}, preset,
                                         rewriting.text.part_text(part));
    if (!request) return tl::unexpected<ApiError>(from_error(request.error(), param));
    int64_t wanted = request->max_tokens;
    // Each has its share of the limit, which is not less than what its source has.
    if (chat.max_tokens)
      wanted = std::min(wanted, *chat.max_tokens * rewriting.tokens[part] / rewriting.all_tokens);
    const auto max_tokens = answer_room(request->prompt.size(), static_cast<int32_t>(wanted), model, param);
    if (!max_tokens) return tl::unexpected(max_tokens.error());
    request->max_tokens = *max_tokens;
    request->owner = whole.owner;
    request->use_history = whole.use_history;
    request->sampling = whole.sampling;
    requests.push_back(std::move(*request));
  }
  return requests;
}

}  // namespace

void settle_sampling(ChatRequest& chat, const ServedModel& model) {
  const rewrite::Preset* preset = rewriting_preset(model);
  if (preset == nullptr || chat.names_temperature) return;
  chat.sampling.temperature = preset->sampling.temperature;
  chat.repeatable |= chat.sampling.temperature == 0.0f;
}

ApiResult<void> add_requests(const ChatRequest& chat, const ServedModel& model, const std::string& param,
                             Generation& generation) {
  const rewrite::Preset* preset = rewriting_preset(model);
  ApiResult<engine::Request> whole = to_engine_request(chat, model, param);
  if (!whole) return tl::unexpected(whole.error());
  const std::string& text = chat.messages.last_user_text;
  if (preset != nullptr && is_plain(chat) && rewrite::check_not_blank(text)) {
    Rewriting rewriting = rewriting_of(text, *preset, model);
    if (chat.max_tokens.value_or(rewriting.all_tokens) >= rewriting.all_tokens) {
      auto requests = requests_of(rewriting, *preset, chat, *whole, model, param);
      if (!requests) return tl::unexpected(requests.error());
      generation.requests = std::move(*requests);
      generation.writer = std::make_unique<PartsWriter>(
          std::move(generation.writer),
          rewrite::Assembly(std::move(rewriting.text),
                            preset->restrained ? std::optional(preset->language) : std::nullopt));
      return {};
    }
  }
  append_choices(*whole, chat.choices, generation.requests);
  return {};
}

}  // namespace riposte::api
