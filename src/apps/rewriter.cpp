#include "apps/rewriter.h"

#include <utf8proc.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "rewrite/parts.h"

namespace riposte::apps {
namespace {

// Of the answer for a part: more of its text, or its end.
struct News {
  size_t part = 0;
  std::string text;
  std::optional<engine::Finish> finish = {};
};

// From the engine's thread to ours. Shared with the listeners, which may outlive a cancelled call.
class Mailbox {
 public:
  void put(News news) {
    const std::lock_guard lock(mutex_);
    news_.push_back(std::move(news));
    arrived_.notify_one();
  }
  // All that has come since; waits until there is something.
  std::vector<News> take() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return !news_.empty(); });
    return std::exchange(news_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<News> news_;
};

engine::Listener listener_for(const std::shared_ptr<Mailbox>& mailbox, size_t part) {
  return {.on_text =
              [mailbox, part](std::string_view text, std::span<const TokenId>) {
                if (!text.empty()) mailbox->put({part, std::string(text)});
              },
          .on_finish =
              [mailbox, part](const engine::Finish& finish) {
                mailbox->put({part, {}, finish});
              }};
}

// The requests of a text in an engine. What still runs when this ends is cancelled.
class Running {
 public:
  explicit Running(engine::Engine& engine) : engine_(engine) {}
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    for (const engine::RequestId id : ids_) engine_.cancel(id);
  }

  Result<void> submit(engine::Request request, engine::Listener listener) {
    request.follows_accepted = !ids_.empty();
    const auto id = engine_.submit(std::move(request), std::move(listener));
    if (!id) return pass_on(id);
    ids_.push_back(*id);
    return {};
  }

 private:
  engine::Engine& engine_;
  std::vector<engine::RequestId> ids_;
};

Result<void> check_utf8(std::string_view text) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (size_t at = 0; at < text.size();) {
    utf8proc_int32_t character;
    const utf8proc_ssize_t length =
        utf8proc_iterate(bytes + at, static_cast<utf8proc_ssize_t>(text.size() - at), &character);
    if (length <= 0) {
      return fail(ErrorCode::kInvalidArgument, "the text is not UTF-8: byte {} is 0x{:02x}", at + 1,
                  bytes[at]);
    }
    at += static_cast<size_t>(length);
  }
  return {};
}

}  // namespace

Rewriter::Rewriter(engine::Engine& engine, const rewrite::PromptFormat& format, const rewrite::Preset& preset,
                   const rewrite::LeanRules& lean, bool trace)
    : engine_(engine), format_(format), preset_(preset), lean_(lean), trace_(trace) {}

Result<Rewritten> Rewriter::rewrite(std::string_view source,
                                    const std::function<Result<void>(std::string_view)>& on_text) {
  const auto start = std::chrono::steady_clock::now();
  if (auto valid = check_utf8(source); !valid) return pass_on(valid);
  if (auto some = rewrite::check_not_blank(source); !some) return pass_on(some);
  auto cut = rewrite::cut_text(
      std::string(source), {.lean = lean_, .by_sentence = preset_.by_sentence, .language = preset_.language});
  std::vector<engine::Request> requests;
  for (size_t part = 0; part < cut.parts.size(); ++part) {
    auto request = rewrite::make_request(format_, preset_, cut.part_text(part));
    if (!request) return pass_on(request);
    request->trace = trace_;
    requests.push_back(std::move(*request));
  }
  const auto mailbox = std::make_shared<Mailbox>();
  Running running(engine_);
  for (size_t part = 0; part < requests.size(); ++part) {
    auto submitted = running.submit(std::move(requests[part]), listener_for(mailbox, part));
    if (!submitted) return pass_on(submitted);
  }

  Rewritten rewritten{
      .text = {},
      .assembly = rewrite::Assembly(std::move(cut),
                                    preset_.restrained ? std::optional(preset_.language) : std::nullopt)};
  while (!rewritten.assembly.whole()) {
    for (News& news : mailbox->take()) {
      if (news.finish && news.finish->reason == engine::FinishReason::kError)
        return tl::unexpected(news.finish->error);
      const std::string gained = news.finish ? rewritten.assembly.end(news.part, std::move(*news.finish))
                                             : rewritten.assembly.add(news.part, news.text);
      rewritten.text += gained;
      if (!on_text || gained.empty()) continue;
      if (auto taken = on_text(gained); !taken) return pass_on(taken);
    }
  }
  rewritten.time = std::chrono::steady_clock::now() - start;
  return rewritten;
}

}  // namespace riposte::apps
