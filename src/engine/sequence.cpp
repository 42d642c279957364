#include "engine/sequence.h"

#include <algorithm>
#include <utility>

#include "engine/pace.h"

namespace riposte::engine {
namespace {

// The answer's last token needs no position, so that a prompt that fills the context still gets one token.
int32_t most_tokens(const Request& request, int32_t context_length) {
  if (request.max_tokens == 0) return static_cast<int32_t>(request.prompt.size());
  const int64_t wanted = static_cast<int64_t>(request.prompt.size()) + request.max_tokens;
  return static_cast<int32_t>(std::min(wanted, int64_t{context_length} + 1));
}

// A number of its own for each adapter; that of the base is the number itself.
uint64_t with_adapter(uint64_t number, model::AdapterId adapter) {
  constexpr uint64_t kOdd = 0x9e3779b97f4a7c15;  // 2^64 over the golden ratio: neighbours come far apart
  return number + static_cast<uint64_t>(adapter) * kOdd;
}

}  // namespace

Error superseded_error() {
  return {ErrorCode::kSuperseded, "a newer request with the same key has taken the place of this one"};
}

Sequence::Sequence(Request request, Listener listener, int32_t context_length, Clock::time_point submitted)
    : expected_answer_(expected_answer(request)),
      listener_(std::move(listener)),
      source_(std::move(request.source)),
      prediction_(std::move(request.prediction)),
      rewriting_chance_(request.rewriting_chance),
      adapter_(request.adapter),
      prefix_owner_(request.prefix_owner),
      use_history_(request.use_history),
      task_(request.task == 0 ? 0 : with_adapter(request.task, request.adapter)),
      deadline_(request.deadline),
      supersession_{request.owner, std::move(request.supersedes), request.batch},
      turn_(submitted),
      most_tokens_(most_tokens(request, context_length)),
      tokens_(std::move(request.prompt)),
      prompt_tokens_(static_cast<int32_t>(tokens_.size())),
      top_logprobs_(request.sampling.top_logprobs),
      ignore_end_(request.ignore_end),
      traced_(request.trace),
      sampler_(std::move(request.sampling), tokens_),
      text_(std::move(request.stop)),
      delivered_tokens_(tokens_.size()),
      submitted_(submitted) {
  if (request.pooling) pool.emplace(*request.pooling, prompt_tokens_);
  if (request.edit_confidence > 0.5f && !source_.empty()) copying_.emplace(source_, request.edit_confidence);
}

int32_t Sequence::expected_tokens() const {
  if (room() <= 0) return 0;
  return std::clamp(expected_answer_ - static_cast<int32_t>(output().size()), 1, room());
}

bool Sequence::is_superseded_by(const Supersession& newer) const {
  return !newer.key.empty() && newer.key == supersession_.key && newer.owner == supersession_.owner &&
         (newer.batch == 0 || newer.batch != supersession_.batch);
}

void Sequence::constrain(std::shared_ptr<const constraint::Grammar> grammar,
                         std::shared_ptr<const constraint::TokenTrie> tokens) {
  matcher_.emplace(std::move(grammar), std::move(tokens));
}

TokenId Sequence::choose(const sampling::RowAnswer& row, sampling::Workspace& workspace) {
  const sampling::Lean lean = copying_ ? copying_->next() : sampling::Lean();
  if (!matcher_) return sampler_.choose(row, length(), workspace, {}, lean);
  if (!sampler_.needs_logits() && !copying_) {
    // Mostly the model knows what must come; then nobody needs to know what else may.
    const TokenId winner = sampling::argmax(row.logits);
    if (matcher_->allows(winner)) return winner;
  }
  matcher_->allowed(workspace.allowed);
  if (std::ranges::all_of(workspace.allowed, [](uint64_t bits) { return bits == 0; })) {
    fail({ErrorCode::kUnsupported,
          "the model's vocabulary has no token for what the response format asks for"});
    return kNoToken;
  }
  return sampler_.choose(row, length(), workspace, workspace.allowed, lean);
}

void Sequence::drop_forbidden(drafting::Draft& guesses) const {
  if (!matcher_ || guesses.empty()) return;
  struct Kept {
    int32_t index;
    constraint::Matcher at;
  };
  std::vector<std::optional<Kept>> kept(guesses.size());
  drafting::Draft allowed;
  for (size_t guess = 0; guess < guesses.size(); ++guess) {
    const int32_t parent = guesses.parents[guess];
    const bool is_first = parent == drafting::Draft::kNoParent;
    if (!is_first && !kept[static_cast<size_t>(parent)]) continue;
    Kept here = is_first ? Kept{parent, *matcher_} : *kept[static_cast<size_t>(parent)];
    if (!here.at.allows(guesses.tokens[guess])) continue;
    here.at.accept(guesses.tokens[guess]);
    here.index =
        allowed.add(guesses.tokens[guess], here.index, guesses.chances[guess], guesses.origins[guess]);
    kept[guess] = std::move(here);
  }
  guesses = std::move(allowed);
}

drafting::DraftContext Sequence::draft_context() const {
  return {.source = source_,
          .prediction = prediction_,
          .output = output(),
          .history = tokens_,
          .most_tokens = std::max(0, room() - 1),
          .rewriting_chance = rewriting_chance_,
          .acceptance = &acceptance,
          .lookahead = &lookahead,
          .owner = with_adapter(supersession_.owner, adapter_),
          .use_history = use_history_};
}

void Sequence::overhear(int32_t guess, TokenId answer) {
  const int32_t parent = draft.parents[static_cast<size_t>(guess)];
  const int32_t position = branches.position(guess) - prompt_tokens_;
  TokenId before = kNoToken;
  if (parent != drafting::Draft::kNoParent) {
    before = draft.tokens[static_cast<size_t>(parent)];
  } else if (position > 0) {
    before = output()[static_cast<size_t>(position - 1)];
  }
  lookahead.note({before, draft.tokens[static_cast<size_t>(guess)], position}, answer);
}

void Sequence::count_draft() {
  usage.drafted_tokens += static_cast<int32_t>(draft.size());
  for (const drafting::Origin origin : draft.origins) ++usage.by_origin[static_cast<size_t>(origin)].drafted;
}

void Sequence::take(TokenId token, int32_t guess, const TokenText& text, Clock::time_point now) {
  if (!first_token_) first_token_ = now;
  const bool guessed = guess != drafting::Draft::kNoParent;
  const auto origin = guessed ? draft.origins[static_cast<size_t>(guess)] : drafting::Origin::kSource;
  if (guessed) {
    ++usage.accepted_tokens;
    ++usage.by_origin[static_cast<size_t>(origin)].accepted;
  }
  if (!ignore_end_ && text.is_end(token)) {
    text_.finish(new_text_);
    finish(FinishReason::kStop);
    return;
  }
  tokens_.push_back(token);
  if (traced_) trace_.push_back({token, usage.passes, origin, guessed});
  sampler_.accept(token);
  if (copying_) copying_->accept(token);
  if (matcher_) matcher_->accept(token);
  if (text_.push(text.bytes(token), new_text_)) {
    finish(FinishReason::kStop);
  } else if (room() == 0) {
    finish(text_.finish(new_text_) ? FinishReason::kStop : FinishReason::kLength);
  }
}

void Sequence::note_logits(std::span<const float> logits) {
  // An end token is no part of the answer.
  if (top_logprobs_ < 0 || delivered_tokens_ + new_logprobs_.size() == tokens_.size()) return;
  new_logprobs_.push_back(sampling::log_probabilities(logits, tokens_.back(), top_logprobs_));
}

void Sequence::finish(FinishReason reason) {
  if (!reason_) reason_ = reason;
}

void Sequence::fail(Error error) {
  if (reason_) return;
  reason_ = FinishReason::kError;
  error_ = std::move(error);
}

void Sequence::start_pass(Clock::time_point now) {
  if (!started_) started_ = now;
  ++usage.passes;
}

Usage Sequence::usage_so_far() const {
  Usage all = usage;
  all.prompt_tokens = prompt_tokens_;
  all.output_tokens = length() - prompt_tokens_;
  return all;
}

void Sequence::deliver(Clock::time_point now) {
  try {
    const auto new_tokens = tokens().subspan(delivered_tokens_);
    if (listener_.on_logprobs && !new_logprobs_.empty()) listener_.on_logprobs(new_logprobs_);
    if (listener_.on_text && (!new_text_.empty() || !new_tokens.empty()))
      listener_.on_text(new_text_, new_tokens);
  } catch (...) {
  }
  new_text_.clear();
  new_logprobs_.clear();
  delivered_tokens_ = tokens_.size();
  if (!reason_) return;

  Finish end{.reason = *reason_,
             .usage = usage_so_far(),
             .timings = {},
             .trace = std::move(trace_),
             .embedding = pool && complete() ? pool->result() : std::vector<float>(),
             .error = std::move(error_)};
  const Clock::time_point started = started_.value_or(now);
  const Clock::time_point first_token = first_token_.value_or(now);
  end.timings = {started - submitted_, first_token - started, now - first_token};
  try {
    if (listener_.on_finish) listener_.on_finish(end);
  } catch (...) {
  }
}

}  // namespace riposte::engine
