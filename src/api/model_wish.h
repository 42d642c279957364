// What a request says about its model, read before anything else: which one, and how long it is to stay.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "api/error.h"

namespace riposte::api {

struct ModelWish {
  std::string model;  // empty: whichever
  bool has_keep_alive = false;
  std::optional<std::chrono::milliseconds> keep_alive;  // nothing: for ever; 0: it may go at once
};

// Of a body that makes no sense nothing is wished: what is wrong with it the dialect will say. `keep_alive`
// as Ollama's clients send it: seconds, or "10m", "1h30m", "500ms"; negative: for ever. Errors: 400 with that
// field.
ApiResult<ModelWish> read_model_wish(std::string_view body);

}  // namespace riposte::api
