#include "server/hub.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

namespace riposte::server {
namespace {

uint64_t random_seed() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

// The output function of SplitMix64 (Steele, Lea, Flood 2014): a bijection that makes counters look random.
uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

std::shared_ptr<cache::ResponseCache> make_cache(const ServerOptions& options) {
  if (options.cache_bytes == 0 && !options.shared_answers) return nullptr;
  return std::make_shared<cache::ResponseCache>(
      cache::ResponseCacheOptions{options.cache_bytes, options.cache_time_to_live},
      cache::ResponseCache::Clock::now, options.shared_answers);
}

}  // namespace

Hub::Hub(ServerOptions given_options, std::shared_ptr<ModelShelf> given_shelf,
         const rewrite::Presets& given_presets)
    : options(std::move(given_options)),
      shelf(std::move(given_shelf)),
      presets(given_presets),
      gatekeeper(options.keys),
      origins(options.allowed_origins, !options.keys.empty()),
      access_log(options.log_requests),
      services{make_cache(options), metrics},
      random_base_(random_seed()) {
  for (int i = 0; i < std::max(1, options.threads); ++i) io.emplace_back(/*concurrency_hint=*/1);
}

std::string Hub::metrics_text() {
  const std::vector<ModelShelf::Listing> models = shelf->list();
  const std::lock_guard lock(metrics_mutex_);
  return metrics.text({.connections = connections(),
                       .cache = services.cache ? services.cache->counts() : cache::ResponseCache::Counts{},
                       .engine = shelf->totals(),
                       .load = shelf->load(),
                       .model = models.empty() ? std::string() : models.front().name});
}

api::Models Hub::models() const {
  api::Models models(presets);
  const auto now = std::chrono::system_clock::now();
  for (const ModelShelf::Listing& listing : shelf->list()) {
    api::ListedModel& model = models.all.emplace_back(
        listing.loaded ? api::ListedModel(listing.loaded->served()) : api::ListedModel());
    model.name = listing.name;
    model.aliases = listing.aliases;
    if (!listing.loaded) model.details = listing.details;
    if (!listing.loaded) model.created = listing.details.modified;
    if (listing.bytes > 0) model.memory_bytes = static_cast<int64_t>(listing.bytes);
    if (listing.stays) model.expires_at = std::chrono::system_clock::to_time_t(now + *listing.stays);
  }
  return models;
}

uint64_t Hub::next_random() {
  return mix(random_base_ + ++random_count_ * 0x9e3779b97f4a7c15u);
}

std::string Hub::next_id(const std::string& prefix) {
  return fmt::format("{}{:016x}{:08x}", prefix, next_random(), static_cast<uint32_t>(next_random()));
}

void Hub::begin_stop(std::function<void()> when_empty) {
  const std::lock_guard lock(mutex_);
  when_empty_ = std::move(when_empty);
  stopping_ = true;
}

void Hub::end_stop() {
  const std::lock_guard lock(mutex_);
  when_empty_ = nullptr;
}

void Hub::enter(const std::shared_ptr<Connection>& connection) {
  const std::lock_guard lock(mutex_);
  connections_.emplace(connection.get(), connection);
}

void Hub::leave(const Connection* connection) {
  const std::lock_guard lock(mutex_);
  connections_.erase(connection);
  if (connections_.empty() && when_empty_) when_empty_();
}

size_t Hub::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

std::vector<std::shared_ptr<Connection>> Hub::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Connection>> alive;
  for (const auto& [key, weak] : connections_) {
    if (auto connection = weak.lock()) alive.push_back(std::move(connection));
  }
  return alive;
}

}  // namespace riposte::server
