// Which address answers which method.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "api/answer.h"
#include "api/models.h"
#include "server/assets.h"
#include "server/reply.h"

namespace riposte::server {

// An answer that needs no engine: the body of a request to JSON.
using AnswerNow = api::ApiResult<std::string> (*)(std::string_view body, const api::Models& models);

enum class Endpoint { kGeneration, kAnswerNow, kModel, kMetrics, kReady, kAsset, kOptions };

struct Route {
  Endpoint endpoint = Endpoint::kOptions;
  api::ReadGeneration read = nullptr;  // kGeneration: what the body means
  AnswerNow answer = nullptr;          // kAnswerNow
  const Asset* asset = nullptr;        // kAsset
  api::Dialect dialect = api::Dialect::kOpenAi;
  std::string model_id;  // kModel: what stands behind /v1/models/, percent-decoded
  std::string allow;     // kOptions: the methods of the address
  bool open = false;     // for those without a key too: it tells nothing about anyone
};

// `target` as in the request line, with or without scheme and host, a query ignored. HEAD is allowed where
// GET is, OPTIONS everywhere. The other outcome is the 404 or 405 to send.
tl::expected<Route, Reply> find_route(std::string_view method, std::string_view target);

}  // namespace riposte::server
