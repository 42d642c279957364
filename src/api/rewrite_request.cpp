#include "api/rewrite_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <limits>
#include <utility>

#include "api/answer_head.h"
#include "api/fields.h"
#include "api/json.h"
#include "api/rewrite_writer.h"
#include "api/sampling_fields.h"
#include "rewrite/parts.h"
#include "rewrite/prompt.h"

namespace riposte::api {
namespace {

namespace json = boost::json;

constexpr int64_t kMaxInt32 = std::numeric_limits<int32_t>::max();
constexpr std::string_view kSpaces = " \t\r\n";

void read_texts(Fields& fields, RewriteRequest& out) {
  const json::value* text = fields.any("text");
  if (!fields.ok()) return;
  if (!text) {
    return fields.refuse_with(
        bad_request("text", "'text' is missing: expected a string or an array of strings"));
  }
  out.is_list = text->is_array();
  const json::array one{*text};
  const json::array& list = out.is_list ? text->get_array() : one;
  if (list.empty() || list.size() > kMaxTexts) {
    return fields.refuse("text", fmt::format("a string, or an array of 1 to {}", kMaxTexts), *text);
  }
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string place = out.is_list ? fmt::format("text[{}]", i) : "text";
    const json::string* written = list[i].if_string();
    if (!written) return fields.refuse(place, "a string", list[i]);
    out.texts.emplace_back(written->data(), written->size());
    if (out.texts.back().find_first_not_of(kSpaces) == std::string::npos) {
      return fields.refuse_with(
          bad_request(place, fmt::format("'{}' is empty: there is nothing to rewrite", place)));
    }
  }
}

void read_preset(Fields& fields, const rewrite::Presets& presets, rewrite::Preset& out) {
  std::string name = "grammar", language = "en", instruction;
  fields.text("preset", name);
  fields.text("language", language);
  fields.text("instruction", instruction);
  if (!fields.ok()) return;
  if (instruction.empty()) {
    const Result<const rewrite::Preset*> found = presets.find(name, language);
    if (!found) return fields.refuse_with(tl::unexpected(from_error(found.error(), "preset")));
    out = **found;
    return;
  }
  if (fields.any("preset")) {
    return fields.refuse_with(
        bad_request("preset", "'preset' and 'instruction' exclude each other: give one"));
  }
  out.instruction = std::move(instruction);
  out.language = std::move(language);
}

// "split": "sentences" or "none".
void read_split(Fields& fields, bool& by_sentence) {
  const json::value* split = fields.any("split");
  if (!split || !fields.ok()) return;
  if (*split != "sentences" && *split != "none")
    return fields.refuse("split", "\"sentences\" or \"none\"", *split);
  by_sentence = *split == "sentences";
}

// "lean": the names of rules, "all" or "none".
void read_lean(Fields& fields, std::optional<rewrite::LeanRules>& out) {
  if (!fields.any("lean")) return;
  std::string names;
  fields.text("lean", names);
  if (!fields.ok()) return;
  const Result<rewrite::LeanRules> rules = rewrite::parse_lean_rules(names);
  if (!rules) return fields.refuse_with(tl::unexpected(from_error(rules.error(), "lean")));
  out = *rules;
}

}  // namespace

ApiResult<RewriteRequest> parse_rewrite_request(std::string_view body, const rewrite::Presets& presets,
                                                uint64_t random_seed) {
  const Result<json::value> parsed = parse_json(body);
  if (!parsed) return tl::unexpected<ApiError>(from_error(parsed.error()));
  const json::object* object = parsed->if_object();
  if (!object) return bad_request("", "the body must be a JSON object, found " + describe(*parsed));

  RewriteRequest request;
  Fields fields(*object);
  fields.text("model", request.model);
  fields.boolean("stream", request.stream);
  fields.integer("max_tokens", request.max_tokens, 0, kMaxInt32);
  fields.boolean("origins", request.origins);
  read_texts(fields, request);
  read_preset(fields, presets, request.preset);
  fields.boolean("restrained", request.preset.restrained);
  if (fields.ok()) fields.number("edit_confidence", request.preset.edit_confidence, 0.0, engine::kMostEditConfidence);
  // A preset's own seed counts where the request names none; without temperature none matters.
  const uint64_t seed = request.preset.sampling.seed != 0 ? request.preset.sampling.seed : random_seed;
  request.by_sentence = request.preset.by_sentence;
  read_split(fields, request.by_sentence);
  read_lean(fields, request.lean);
  request.repeatable = read_sampling(fields, seed, request.preset.sampling) || seed != random_seed;
  if (!fields.ok()) return fields.complaint();
  return request;
}

ApiResult<Generation> read_rewrite(std::string_view body, const ServedModel& model,
                                   const RequestContext& context) {
  auto read = parse_rewrite_request(body, model.presets, context.random_seed);
  if (!read) return tl::unexpected(read.error());
  if (const auto found = check_model(read->model, model); !found) return tl::unexpected(found.error());
  if (const auto chats = check_chats(model, "model"); !chats) return tl::unexpected(chats.error());
  if (const auto fits = check_sampling(read->preset.sampling, model); !fits)
    return tl::unexpected(fits.error());

  const rewrite::LeanRules lean = read->lean.value_or(model.lean);
  // Presets' instructions are in KV memory as they are.
  if (read->preset.name.empty()) {
    read->preset.instruction = rewrite::lean_instruction(read->preset.instruction, lean);
  }
  Generation generation;
  const rewrite::Cut cut{.lean = lean,
                         .by_sentence = read->by_sentence,
                         .language = read->preset.language,
                         .most = 1 + rewrite::kMaxSentences / read->texts.size()};
  std::vector<rewrite::CutText> texts;
  for (size_t i = 0; i < read->texts.size(); ++i) {
    const std::string place = read->is_list ? fmt::format("text[{}]", i) : "text";
    const rewrite::CutText& text = texts.emplace_back(rewrite::cut_text(read->texts[i], cut));
    for (size_t part = 0; part < text.parts.size(); ++part) {
      Result<engine::Request> request =
          rewrite::make_request({*model.chat_template, model.tokenizer}, read->preset, text.part_text(part));
      if (!request) return tl::unexpected(from_error(request.error(), place));
      const auto wanted = read->max_tokens.value_or(request->max_tokens);
      const auto max_tokens = answer_room(request->prompt.size(), wanted, model, place);
      if (!max_tokens) return tl::unexpected(max_tokens.error());
      request->max_tokens = *max_tokens;
      request->trace = read->origins;
      generation.requests.push_back(std::move(*request));
    }
  }
  generation.stream = read->stream;
  generation.repeatable = read->repeatable;
  generation.writer = std::make_unique<RewriteWriter>(
      answer_head("rewrite-", context, model),
      RewriteWriterOptions{.preset = read->preset.name,
                           .language = read->preset.language,
                           .is_list = read->is_list,
                           .tokenizer = read->origins ? &model.tokenizer : nullptr,
                           .restrained = read->preset.restrained,
                           .warms = read->max_tokens == 0},
      std::move(texts));
  return generation;
}

ApiResult<std::string> list_presets(std::string_view, const Models& models) {
  json::array list;
  for (const rewrite::Preset& preset : models.presets.all()) {
    list.push_back(json::object{{"id", json::string(preset.name)},
                                {"object", "preset"},
                                {"language", json::string(preset.language)},
                                {"summary", json::string(preset.summary)},
                                {"by_sentence", preset.by_sentence},
                                {"instruction", json::string(preset.instruction)}});
  }
  return json::serialize(json::object{{"object", "list"}, {"data", std::move(list)}});
}

}  // namespace riposte::api
