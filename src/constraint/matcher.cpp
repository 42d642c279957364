#include "constraint/matcher.h"

#include <algorithm>
#include <utility>

#include "constraint/utf8_text.h"

namespace riposte::constraint {
namespace {

constexpr size_t kManyFrames = 256;  // beyond, those of the past are dropped

}  // namespace

Matcher::Matcher(std::shared_ptr<const Grammar> grammar, std::shared_ptr<const TokenTrie> tokens)
    : grammar_(std::move(grammar)), tokens_(std::move(tokens)) {
  frames_.push_back({});
  begin_moment();
  enter(grammar_->start(grammar_->root()), 0);
  now_ = threads_.size();
}

bool Matcher::complete() const {
  return std::any_of(
      threads_.begin(), threads_.begin() + static_cast<ptrdiff_t>(now_),
      [this](const Thread& thread) { return thread.frame == 0 && grammar_->state(thread.state).accepts; });
}

bool Matcher::allows(std::string_view bytes) {
  if (bytes.empty()) return false;
  const size_t frames = frames_.size();
  Range at{0, now_};
  for (const char byte : bytes) at = step(at, static_cast<uint8_t>(byte));
  const bool allowed = !at.empty();
  forget(now_, frames);
  return allowed;
}

void Matcher::accept(std::string_view bytes) {
  Range at{0, now_};
  for (const char byte : bytes) at = step(at, static_cast<uint8_t>(byte));
  threads_.erase(threads_.begin() + static_cast<ptrdiff_t>(at.end), threads_.end());
  threads_.erase(threads_.begin(), threads_.begin() + static_cast<ptrdiff_t>(at.begin));
  now_ = threads_.size();
  if (frames_.size() > kManyFrames) drop_unused_frames();
}

void Matcher::allowed(TokenSet& out) {
  out.assign(tokens_->words(), 0);
  if (complete()) {
    for (const TokenId end : tokens_->ends()) insert(out, end);
  }
  // Those inside strings first.
  const auto in_text = [this](const Thread& thread) { return grammar_->state(thread.state).text_room > 0; };
  const auto now_end = threads_.begin() + static_cast<ptrdiff_t>(now_);
  const auto texts_end = std::stable_partition(threads_.begin(), now_end, in_text);
  const auto texts = static_cast<size_t>(texts_end - threads_.begin());
  int32_t room = 0;
  for (size_t i = 0; i < texts; ++i) room = std::max(room, grammar_->state(threads_[i].state).text_room);
  if (room > 0) {
    const TokenSet& plain = tokens_->plain(room);
    for (size_t i = 0; i < out.size(); ++i) out[i] |= plain[i];
    walk(tokens_->without_plain(), 0, tokens_->without_plain().size(), {0, texts}, out);
  }
  if (texts < now_) walk(tokens_->all(), 0, tokens_->all().size(), {texts, now_}, out);
}

void Matcher::walk(const Trie& trie, int32_t begin, int32_t end, Range from, TokenSet& out) {
  for (int32_t index = begin; index < end; index = trie.node(index).end) {
    const Trie::Node& node = trie.node(index);
    const size_t threads = threads_.size(), frames = frames_.size();
    const Range here = step(from, node.byte);
    if (!here.empty()) {
      for (const TokenId token : trie.tokens(node)) insert(out, token);
      walk(trie, index + 1, node.end, here, out);
    }
    forget(threads, frames);
  }
}

Matcher::Range Matcher::begin_moment() {
  first_frame_ = frames_.size();
  first_thread_ = threads_.size();
  passed_.clear();
  return {first_thread_, first_thread_};
}

Matcher::Range Matcher::step(Range from, uint8_t byte) {
  Range reached = begin_moment();
  const int8_t kind = kTextBytes[byte];
  for (size_t i = from.begin; i < from.end; ++i) {
    const Thread thread = threads_[i];
    const StateId text = grammar_->state(thread.state).text;
    if (text != kNoState && kind == kPlainByte) {
      enter(text, thread.frame);
    } else if (text != kNoState && kind != kNoCharacter) {
      enter_call({kind, text}, thread.frame);
    }
    for (const ByteEdge& edge : grammar_->bytes(thread.state)) {
      if (edge.first <= byte && byte <= edge.last) enter(edge.target, thread.frame);
    }
  }
  reached.end = threads_.size();
  return reached;
}

bool Matcher::fits(StateId state, int32_t frame) const {
  return frames_[static_cast<size_t>(frame)].depth + grammar_->state(state).need <= kMostFrames;
}

int32_t Matcher::push(StateId target, int32_t below) {
  // Equal calls of one moment are one: so places that were apart become one again when their calls return.
  for (size_t i = first_frame_; i < frames_.size(); ++i) {
    if (frames_[i].target == target && frames_[i].below == below) return static_cast<int32_t>(i);
  }
  frames_.push_back({target, below, frames_[static_cast<size_t>(below)].depth + 1});
  return static_cast<int32_t>(frames_.size()) - 1;
}

void Matcher::enter_call(const CallEdge& call, int32_t frame) {
  if (!fits(call.target, frame)) return;
  const StateId start = grammar_->start(call.rule);
  if (frames_[static_cast<size_t>(frame)].depth + 1 + grammar_->state(start).need > kMostFrames) return;
  enter(start, push(call.target, frame));
}

void Matcher::enter(StateId id, int32_t frame) {
  if (!fits(id, frame)) return;
  const State& state = grammar_->state(id);
  const auto same = [id, frame](const Thread& thread) { return thread.state == id && thread.frame == frame; };
  if (state.text != kNoState || !grammar_->bytes(id).empty() || (state.accepts && frame == 0)) {
    const auto begin = threads_.begin() + static_cast<ptrdiff_t>(first_thread_);
    if (static_cast<size_t>(threads_.end() - begin) >= kMostThreads ||
        std::any_of(begin, threads_.end(), same))
      return;
    threads_.push_back({id, frame});
  } else {
    if (passed_.size() >= kMostThreads || std::ranges::any_of(passed_, same)) return;
    passed_.push_back({id, frame});
  }
  for (const StateId target : grammar_->jumps(id)) enter(target, frame);
  for (const CallEdge& call : grammar_->calls(id)) enter_call(call, frame);
  if (!state.accepts || frame == 0) return;
  const Frame& around = frames_[static_cast<size_t>(frame)];
  enter(around.target, around.below);
}

void Matcher::forget(size_t threads, size_t frames) {
  threads_.resize(threads);
  frames_.resize(frames);
}

// A frame stands behind the one below it, so one pass down marks all that are used, and one up moves them.
void Matcher::drop_unused_frames() {
  constexpr int32_t kUnused = -1, kUsed = 0;
  moved_.assign(frames_.size(), kUnused);
  moved_[0] = kUsed;
  for (const Thread& thread : threads_) moved_[static_cast<size_t>(thread.frame)] = kUsed;
  for (size_t i = frames_.size(); i-- > 0;) {
    if (moved_[i] == kUsed) moved_[static_cast<size_t>(frames_[i].below)] = kUsed;
  }
  int32_t kept = 0;
  for (size_t i = 0; i < frames_.size(); ++i) {
    if (moved_[i] == kUnused) continue;
    moved_[i] = kept++;
    const Frame& frame = frames_[i];
    frames_[static_cast<size_t>(moved_[i])] = {frame.target, moved_[static_cast<size_t>(frame.below)],
                                               frame.depth};
  }
  frames_.resize(static_cast<size_t>(kept));
  for (Thread& thread : threads_) thread.frame = moved_[static_cast<size_t>(thread.frame)];
}

}  // namespace riposte::constraint
