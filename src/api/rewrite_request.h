// POST /v1/rewrite: one text or several, a preset or an instruction of one's own.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/answer.h"
#include "api/models.h"
#include "rewrite/lean.h"
#include "rewrite/presets.h"

namespace riposte::api {

inline constexpr size_t kMaxTexts = 64;  // in one request

struct RewriteRequest {
  std::string model;               // empty: whatever is served
  std::vector<std::string> texts;  // none of them blank
  bool is_list = false;            // "text" was an array: the answer is one too
  rewrite::Preset preset;          // with the sampling of the request
  bool repeatable = false;
  std::optional<int32_t> max_tokens;  // of each text's result; else what the preset says; 0: compute prompts only
  bool by_sentence = false;  // "split": each sentence is a request of its own, and remembered for itself
  std::optional<rewrite::LeanRules> lean;  // what the model need not read; absent: as the server is told
  bool stream = false;
  bool origins = false;  // tell where each token of a result came from
};

// Errors: 400 with the field's name, 404 a preset or a language of it that does not exist.
ApiResult<RewriteRequest> parse_rewrite_request(std::string_view body, const rewrite::Presets& presets,
                                                uint64_t random_seed);

// A ReadGeneration. What is kept from the model (white space between sentences, and what rewrite/lean.h names) stands in
// the result as it stood in the text.
ApiResult<Generation> read_rewrite(std::string_view body, const ServedModel& model,
                                   const RequestContext& context);

// GET /v1/presets.
ApiResult<std::string> list_presets(std::string_view body, const Models& models);

}  // namespace riposte::api
