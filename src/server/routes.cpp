#include "server/routes.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "api/chat_request.h"
#include "api/completion_request.h"
#include "api/embeddings_request.h"
#include "api/models.h"
#include "api/ollama_models.h"
#include "api/ollama_request.h"
#include "api/responses_request.h"
#include "api/rewrite_request.h"

namespace riposte::server {
namespace {

struct Entry {
  std::string_view method;
  std::string_view path;
  Endpoint endpoint;
  api::ReadGeneration read = nullptr;
  AnswerNow answer = nullptr;
  api::Dialect dialect = api::Dialect::kOpenAi;
  bool open = false;  // as in Route
};

constexpr Entry computed(std::string_view path, api::ReadGeneration read,
                         api::Dialect dialect = api::Dialect::kOpenAi) {
  return {"POST", path, Endpoint::kGeneration, read, nullptr, dialect};
}

constexpr Entry told(std::string_view method, std::string_view path, AnswerNow answer,
                     api::Dialect dialect = api::Dialect::kOpenAi) {
  return {method, path, Endpoint::kAnswerNow, nullptr, answer, dialect};
}

api::ApiResult<std::string> health(std::string_view, const api::Models&) {
  return R"({"status":"ok"})";
}

constexpr Entry kEntries[] = {
    computed("/v1/chat/completions", api::read_chat),
    computed("/v1/completions", api::read_completion),
    computed("/v1/responses", api::read_responses),
    computed("/v1/embeddings", api::read_embeddings),
    computed("/v1/rewrite", api::read_rewrite),
    told("GET", "/v1/presets", api::list_presets),
    told("GET", "/v1/models", api::list_models),
    {"GET", "/v1/models/", Endpoint::kModel},
    {"GET", "/health", Endpoint::kAnswerNow, nullptr, health, api::Dialect::kOpenAi, /*open=*/true},
    {"GET", "/ready", Endpoint::kReady, nullptr, nullptr, api::Dialect::kOpenAi, /*open=*/true},
    {"GET", "/metrics", Endpoint::kMetrics},
    computed("/api/generate", api::read_ollama_generate, api::Dialect::kOllama),
    computed("/api/chat", api::read_ollama_chat, api::Dialect::kOllama),
    computed("/api/embed", api::read_ollama_embed, api::Dialect::kOllama),
    computed("/api/embeddings", api::read_ollama_embeddings, api::Dialect::kOllama),
    told("GET", "/api/tags", api::ollama_tags, api::Dialect::kOllama),
    told("GET", "/api/ps", api::ollama_ps, api::Dialect::kOllama),
    told("GET", "/api/version", api::ollama_version, api::Dialect::kOllama),
    told("POST", "/api/show", api::ollama_show, api::Dialect::kOllama),
    told("POST", "/api/pull", api::ollama_pull, api::Dialect::kOllama),
    told("DELETE", "/api/delete", api::ollama_delete, api::Dialect::kOllama),
};

// The path of "/path?query" or "http://host/path?query".
std::string_view path_of(std::string_view target) {
  if (const size_t scheme = target.find("://"); scheme != std::string_view::npos && target.front() != '/') {
    const size_t path = target.find('/', scheme + 3);
    target = path == std::string_view::npos ? "/" : target.substr(path);
  }
  return target.substr(0, target.find_first_of("?#"));
}

// "%2F" becomes "/"; what is no valid escape stays as it is.
std::string percent_decode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    if (text[i] == '%' && i + 2 < text.size()) {
      const char* digits = text.data() + i + 1;
      if (std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
        decoded += static_cast<char>(byte);
        i += 2;
        continue;
      }
    }
    decoded += text[i];
  }
  return decoded;
}

tl::unexpected<Reply> refuse(int status, std::string message, std::string code) {
  return tl::unexpected<Reply>(
      error_reply({status, "invalid_request_error", std::move(message), "", std::move(code)}));
}

// The entries of a path; a path that ends in "/" stands for all that begin with it.
bool matches(const Entry& entry, std::string_view path) {
  if (!entry.path.ends_with('/') || entry.path.size() == 1) return path == entry.path;
  return path.starts_with(entry.path) && path.size() > entry.path.size();
}

Route asset_route(const Asset& asset) {
  Route route;
  route.endpoint = Endpoint::kAsset;
  route.asset = &asset;
  route.open = true;
  return route;
}

tl::unexpected<Reply> nothing_there(std::string_view path) {
  std::string known;
  for (const Entry& entry : kEntries) {
    known += fmt::format("{}{} {}", known.empty() ? "" : ", ", entry.method, entry.path);
  }
  return refuse(404, fmt::format("there is nothing at {}; there are {}", path, known), "unknown_url");
}

}  // namespace

tl::expected<Route, Reply> find_route(std::string_view method, std::string_view target) {
  const std::string_view path = path_of(target);
  std::string allow;
  for (const Asset& asset : assets()) {
    if (asset.path != path) continue;
    if (method == "GET" || method == "HEAD") return asset_route(asset);
    allow = "GET, HEAD, ";
  }
  for (const Entry& entry : kEntries) {
    if (!matches(entry, path)) continue;
    if (method == entry.method || (method == "HEAD" && entry.method == "GET")) {
      Route route;
      route.endpoint = entry.endpoint;
      route.read = entry.read;
      route.answer = entry.answer;
      route.dialect = entry.dialect;
      route.open = entry.open;
      if (entry.endpoint == Endpoint::kModel) route.model_id = percent_decode(path.substr(entry.path.size()));
      return route;
    }
    allow += fmt::format("{}, ", entry.method);
    if (entry.method == "GET") allow += "HEAD, ";
  }
  if (allow.empty()) return nothing_there(path);
  allow += "OPTIONS";
  if (method == "OPTIONS") {
    Route route;
    route.endpoint = Endpoint::kOptions;
    route.open = true;
    route.allow = std::move(allow);
    return route;
  }
  tl::unexpected<Reply> refused = refuse(
      405, fmt::format("{} does not answer {}; it answers {}", path, method, allow), "method_not_allowed");
  refused.value().headers.emplace_back("Allow", allow);
  return refused;
}

}  // namespace riposte::server
