// The part of a connection that knows what requests mean: from a whole request to its answer.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/field.hpp>
#include <cctype>
#include <chrono>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include "api/model_wish.h"
#include "api/models.h"
#include "server/connection.h"

namespace riposte::server {
namespace {

namespace http = boost::beast::http;

int64_t seconds_since_1970() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

template <class Request>
std::string_view field_of(const Request& request, std::string_view name) {
  const auto field = request[boost::beast::string_view(name.data(), name.size())];
  return trimmed({field.data(), field.size()});
}

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

// What a client may call its request: one word that can stand in a log and in a header.
bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= 128 && std::ranges::all_of(text, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.' || c == ':';
  });
}

// no-store and no-cache of Cache-Control; other directives say nothing to this cache.
template <class Request>
CacheUse cache_use_of(const Request& request) {
  CacheUse use;
  const auto field = request[http::field::cache_control];
  for (std::string_view rest(field.data(), field.size()); !rest.empty();) {
    const size_t end = std::min(rest.find(','), rest.size());
    const std::string_view directive = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const bool no_store = boost::beast::iequals({directive.data(), directive.size()}, "no-store");
    if (no_store || boost::beast::iequals({directive.data(), directive.size()}, "no-cache")) use.read = false;
    if (no_store) use.store = false;
  }
  return use;
}

Reply now_reply(const Route& route, std::string_view body, const api::Models& models) {
  api::ApiResult<std::string> json = route.answer(body, models);
  if (!json) return error_reply(json.error(), route.dialect);
  return {200, std::move(*json)};
}

// The page needs nothing from anywhere else, and may not get it.
Reply asset_reply(const Asset& asset) {
  return {.body = std::string(asset.text),
          .headers =
              {{"Cache-Control", "no-cache"},
               {"Content-Security-Policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
                "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
               {"X-Content-Type-Options", "nosniff"},
               {"Referrer-Policy", "no-referrer"}},
          .content_type = std::string(asset.content_type)};
}

Reply ready_reply(bool stopping) {
  if (!stopping) return {200, R"({"status":"ready"})"};
  return error_reply({503, "server_error", "the server is about to stop", "", "stopping"});
}

Reply model_reply(const api::Models& models, const std::string& id) {
  if (const api::ListedModel* model = models.find(id)) return {200, api::model_json(*model), {}};
  return error_reply({404, "invalid_request_error",
                      "there is no model '" + id + "' here; this server serves " + models.names(), "model",
                      "model_not_found"});
}

Reply no_model_reply(const Error& error, api::Dialect dialect) {
  api::ApiError refused = api::from_error(error, "model");
  if (error.code == ErrorCode::kNotFound) refused.code = "model_not_found";
  return error_reply(refused, dialect);
}

}  // namespace

void Connection::handle_request() try {
  state_ = State::kBusy;
  disarm();
  received_at_ = std::chrono::steady_clock::now();
  const Request request = parser_->release();
  parser_.reset();
  const std::string_view id = view(request["x-request-id"]), origin = view(request[http::field::origin]);
  framing_ = {.http_1_1 = request.version() >= 11,
              .keep_alive = request.keep_alive(),
              .omit_body = request.method_string() == "HEAD",
              .request_id = is_request_id(id) ? std::string(id) : hub_->next_id("req-"),
              .headers = hub_->origins.headers(origin)};
  if (hub_->access_log.enabled()) note(request);
  const auto route = find_route(view(request.method_string()), view(request.target()));
  if (!route) return answer(route.error());
  if (route->endpoint != Endpoint::kAsset &&
      !hub_->origins.may_ask(origin, view(request[http::field::host]))) {
    return answer(error_reply(
        {403, "invalid_request_error",
         "pages of '" + std::string(origin) + "' may not use this server: allow them with --allow-origin", "",
         "origin_not_allowed"},
        route->dialect));
  }
  answer_route(*route, request);
} catch (const std::bad_alloc&) {
  answer(error_reply({503, "server_error", "there is no memory for this request", "", "out_of_memory"}));
} catch (const std::exception& error) {
  answer(error_reply(
      {500, "server_error", std::string("a defect of Riposte: ") + error.what(), "", "internal_error"}));
}

void Connection::answer_route(const Route& route, const Request& request) {
  Visitor visitor;
  const bool open = route.open || (route.endpoint == Endpoint::kMetrics && hub_->options.open_metrics);
  if (!open) {
    const auto known = hub_->gatekeeper.recognise(view(request[http::field::authorization]), route.dialect);
    if (!known) return answer(known.error());
    visitor = *known;
    if (entry_) entry_->key = visitor.name;
  }
  switch (route.endpoint) {
    case Endpoint::kGeneration:
      return start_exchange(route, request, visitor);
    case Endpoint::kAnswerNow:
      return answer(now_reply(route, request.body(), hub_->models()));
    case Endpoint::kMetrics:
      return answer({.body = hub_->metrics_text(), .content_type = "text/plain; version=0.0.4"});
    case Endpoint::kReady:
      return answer(ready_reply(hub_->stopping()));
    case Endpoint::kAsset:
      return answer(asset_reply(*route.asset));
    case Endpoint::kModel:
      return answer(model_reply(hub_->models(), route.model_id));
    case Endpoint::kOptions:
      return answer_options(route, request);
  }
}

void Connection::answer_options(const Route& route, const Request& request) {
  Reply reply{204, "", {{"Allow", route.allow}}};
  const bool preflight = request.count(http::field::access_control_request_method) > 0;
  if (preflight && !framing_.headers.empty()) {
    hub_->origins.add_preflight(reply, route.allow,
                                view(request[http::field::access_control_request_headers]));
  }
  answer(std::move(reply));
}

void Connection::note(const Request& request) {
  const std::string_view target = view(request.target());
  entry_ = AccessEntry{.method = std::string(view(request.method_string())),
                       .path = std::string(target.substr(0, target.find('?'))),
                       .request_id = framing_.request_id};
  if (hub_->options.log_text) entry_->text = request.body();
}

void Connection::log_answer(int status) {
  if (!entry_) return;
  entry_->status = status;
  if (received_at_) entry_->time = std::chrono::steady_clock::now() - *received_at_;
  hub_->access_log.write(*entry_);
  entry_.reset();
}

void Connection::start_exchange(const Route& route, const Request& request, const Visitor& visitor) {
  if (client_done_) return close();
  const auto received = received_at_.value_or(std::chrono::steady_clock::now());
  auto terms = read_terms(field_of(request, "x-deadline-ms"), field_of(request, "x-supersedes"), received);
  if (!terms) return answer(error_reply(terms.error(), route.dialect));
  terms->batch = hub_->next_random();
  // Nobody ends the request of another key, also where answers are shared.
  if (!terms->supersedes.empty()) terms->supersedes += fmt::format(" {:x}", visitor.owner);
  auto permit = Gatekeeper::admit(visitor, route.dialect);
  if (!permit) return answer(permit.error());
  permit_ = std::move(*permit);
  const ExchangeSetup setup{.context = {.id = hub_->next_id(""),
                                        .created = seconds_since_1970(),
                                        .random_seed = hub_->next_random()},
                            .cache = cache_use_of(request),
                            .terms = std::move(*terms),
                            .owner = hub_->options.share_between_keys ? 0 : visitor.owner,
                            .dialect = route.dialect,
                            .received = received,
                            .max_unsent_bytes = hub_->options.max_unsent_bytes};
  find_model(route, request.body(), setup);
}

// The model that the request names may have to be loaded first: others go on being served meanwhile.
void Connection::find_model(const Route& route, const std::string& body, const ExchangeSetup& setup) {
  api::ModelWish wish;
  if (hub_->shelf->size() > 1 || route.dialect == api::Dialect::kOllama) {
    auto read = api::read_model_wish(body);
    if (!read) return answer(error_reply(read.error(), route.dialect));
    wish = std::move(*read);
  }
  // With a single model its dialect says best what is wrong with another name.
  if (hub_->shelf->size() == 1) wish.model.clear();
  auto model = hub_->shelf->find(wish.model);
  if (wish.has_keep_alive) hub_->shelf->keep_alive(wish.model, wish.keep_alive);
  if (!model) return answer(no_model_reply(model.error(), route.dialect));
  if (*model) return begin_exchange(route, body, setup, std::move(*model));
  hub_->shelf->load(wish.model, [hub = hub_, thread = socket_.get_executor(), weak = weak_from_this(), route,
                                 body, setup](Result<ModelShelf::Handle> loaded) {
    boost::asio::post(thread, [weak, route, body, setup, loaded = std::move(loaded)]() mutable {
      const auto self = weak.lock();
      if (!self || self->state_ != State::kBusy) return;  // the client has left
      self->guarded([&] {
        if (!loaded) return self->answer(no_model_reply(loaded.error(), route.dialect));
        self->begin_exchange(route, body, setup, std::move(*loaded));
      });
    });
  });
}

void Connection::begin_exchange(const Route& route, std::string_view body, const ExchangeSetup& setup,
                                ModelShelf::Handle model) {
  // The engine's thread holds the hub, in whose io_context it posts, but never the connection: that may end
  // any time.
  auto wake = [hub = hub_, thread = socket_.get_executor(), weak = weak_from_this()] {
    boost::asio::post(thread, [weak] {
      if (const auto self = weak.lock()) self->guarded([&] { self->pump(); });
    });
  };
  auto exchange = Exchange::start(hub_->services, std::move(model), route.read, body, setup, std::move(wake));
  if (!exchange) return answer(error_reply(exchange.error(), route.dialect));
  exchange_ = std::move(*exchange);
  pump();  // what is known already needs no wake-up
}

}  // namespace riposte::server
