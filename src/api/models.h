// Which models there are, and GET /v1/models and /v1/models/{id}.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/error.h"
#include "api/served_model.h"

namespace riposte::api {

// A model as it is told to those who ask. What only its file says is known once it has been loaded.
struct ListedModel {
  ListedModel() = default;
  ListedModel(const ServedModel& model);  // one that is loaded and stays

  std::string name;
  std::vector<std::string> aliases;
  int64_t created = 0;           // seconds since 1970
  std::string fingerprint = {};  // empty: not known yet
  int32_t context_length = 0;    // 0: not known yet
  ModelDetails details;
  bool loaded = false;
  int64_t memory_bytes = 0;  // that it takes, roughly, if it is loaded
  std::optional<int64_t> expires_at =
      {};  // seconds since 1970: when it leaves if nobody asks; nothing: never
};

struct Models {
  explicit Models(const rewrite::Presets& its_presets) : presets(its_presets) {}
  Models(const ServedModel& model) : all{model}, presets(model.presets) {}

  std::vector<ListedModel> all;
  const rewrite::Presets& presets;

  // By name or alias, also with ":latest" behind it. Null: there is none.
  const ListedModel* find(std::string_view name) const;
  std::string names() const;  // "'qwen', 'smollm2'"
};

// The object "model", with the context length as an extension ("max_model_len", as other local servers call
// it).
std::string model_json(const ListedModel& model);
// The object "list" with all models.
ApiResult<std::string> list_models(std::string_view body, const Models& models);

}  // namespace riposte::api
