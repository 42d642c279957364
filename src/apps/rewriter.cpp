#include "apps/rewriter.h"

#include <utf8proc.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace riposte::apps {
namespace {

// From the engine's thread to ours. Shared with the listener, which may outlive a cancelled call.
struct Mailbox {
  std::mutex mutex;
  std::condition_variable arrived;
  std::string text;
  std::optional<engine::Finish> finish;
};

engine::Listener listener_for(std::shared_ptr<Mailbox> mailbox) {
  return {.on_text =
              [mailbox](std::string_view text, std::span<const TokenId>) {
                const std::lock_guard lock(mailbox->mutex);
                mailbox->text += text;
                mailbox->arrived.notify_one();
              },
          .on_finish =
              [mailbox](const engine::Finish& finish) {
                const std::lock_guard lock(mailbox->mutex);
                mailbox->finish = finish;
                mailbox->arrived.notify_one();
              }};
}

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
                   bool trace)
    : engine_(engine), format_(format), preset_(preset), trace_(trace) {}

Result<Rewritten> Rewriter::rewrite(std::string_view source,
                                    const std::function<Result<void>(std::string_view)>& on_text) {
  const auto start = std::chrono::steady_clock::now();
  if (auto valid = check_utf8(source); !valid) return pass_on(valid);
  auto request = rewrite::make_request(format_, preset_, source);
  if (!request) return pass_on(request);
  request->trace = trace_;
  const auto mailbox = std::make_shared<Mailbox>();
  const auto id = engine_.submit(std::move(*request), listener_for(mailbox));
  if (!id) return pass_on(id);

  Rewritten rewritten;
  std::optional<Error> failed;
  for (bool finished = false; !finished;) {
    std::string text;
    {
      std::unique_lock lock(mailbox->mutex);
      mailbox->arrived.wait(lock, [&] { return !mailbox->text.empty() || mailbox->finish; });
      text.swap(mailbox->text);
      finished = mailbox->finish.has_value();
    }
    rewritten.text += text;
    if (failed || !on_text || text.empty() || preset_.restrained) continue;
    if (auto taken = on_text(text); !taken) {
      failed = taken.error();
      engine_.cancel(*id);
    }
  }
  if (failed) return tl::unexpected(*failed);
  rewritten.finish = *mailbox->finish;
  if (rewritten.finish.reason == engine::FinishReason::kError) return tl::unexpected(rewritten.finish.error);
  if (preset_.restrained) {
    rewritten.reverted = rewrite::find_stray(source, rewritten.text, rewritten.finish.reason, preset_.language);
    if (rewritten.reverted != rewrite::Stray::kNone) rewritten.text = source;
    if (on_text) {
      if (auto taken = on_text(rewritten.text); !taken) return pass_on(taken);
    }
  }
  rewritten.time = std::chrono::steady_clock::now() - start;
  return rewritten;
}

}  // namespace riposte::apps
