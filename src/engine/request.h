// What the engine is asked, and what it tells while it answers.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/token.h"
#include "constraint/grammar.h"
#include "drafting/draft.h"
#include "engine/pooling.h"
#include "model/executor.h"
#include "sampling/logprobs.h"
#include "sampling/params.h"

namespace riposte::engine {

using RequestId = uint64_t;
inline constexpr RequestId kNobody = 0;  // no request has this id
using Clock = std::chrono::steady_clock;

enum class FinishReason {
  kStop,       // an end token or a stop string
  kLength,     // max_tokens or the context's end
  kCancelled,  // cancel() was called
  kError,      // see Finish::error
};

struct DraftCounts {
  int64_t drafted = 0;
  int64_t accepted = 0;
};
using CountsByOrigin = std::array<DraftCounts, drafting::kOrigins>;  // index: drafting::Origin
void add(const CountsByOrigin& more, CountsByOrigin& sum);

struct Usage {
  int32_t prompt_tokens = 0;
  int32_t cached_tokens = 0;  // of the prompt, taken from the KV cache
  int32_t output_tokens = 0;  // the end token not counted
  int32_t passes = 0;         // steps that this request took part in
  int32_t drafted_tokens = 0;
  int32_t accepted_tokens = 0;
  CountsByOrigin by_origin = {};  // what the two above consist of
};

// Where a token of an answer came from.
struct TokenTrace {
  TokenId token = kNoToken;
  int32_t pass = 0;                                     // counted from 1
  drafting::Origin origin = drafting::Origin::kSource;  // who guessed it, if it was guessed
  bool guessed = false;                                 // false: computed as the last one of its pass
};

struct Timings {
  std::chrono::nanoseconds queue{0};    // from submit to the first step with a row of it
  std::chrono::nanoseconds prefill{0};  // from there to the first token
  std::chrono::nanoseconds decode{0};   // from there to the end
};

struct Finish {
  FinishReason reason = FinishReason::kStop;
  Usage usage;
  Timings timings;
  std::vector<TokenTrace> trace = {};  // of all tokens of the answer, if Request::trace
  std::vector<float> embedding = {};   // [hidden], not normalised: of the prompt, if Request::pooling
  Error error;                         // only with kError
};

// Called on the engine's thread, in order; must be quick and must not throw. `text` is whole UTF-8
// characters, with stop strings (and what might become one) held back. tokens may be empty while text is not,
// and the other way round.
struct Listener {
  // Before the tokens themselves, one for each of them. Only if the request asked for log-probabilities.
  std::function<void(std::span<const sampling::Logprobs> logprobs)> on_logprobs = {};
  std::function<void(std::string_view text, std::span<const TokenId> tokens)> on_text;
  std::function<void(const Finish& finish)> on_finish;  // exactly once
};

struct Request {
  std::vector<TokenId> prompt;
  // What computes it. Nothing that one adapter computed, answered or learnt serves another.
  model::AdapterId adapter = model::kNoAdapter;
  // The text to be rewritten, if there is one: what drafts will be taken from.
  std::vector<TokenId> source = {};
  // An answer that the client expects, if it named one: more to take drafts from.
  std::vector<TokenId> prediction = {};
  // How likely the answer is a rewriting of `source` (see drafting::DraftContext).
  float rewriting_chance = 1.0f;
  // Whose answers may be given again or give drafts, and to whom this one may; 0: everybody's.
  uint64_t owner = 0;
  // Whose prompts may have computed the beginning of this one, beside those that are everybody's (0). Coarser
  // than `owner` where the users of one application share its instructions.
  uint64_t prefix_owner = 0;
  // An edit of the source must win this share against copying it, the two taken alone (sampling/copying.h); up to 0.5: all
  // edits do that would be made anyway.
  float edit_confidence = 0.0f;
  bool use_history = true;  // false: neither
  // Requests of one task (say, a hash of the instruction) are drafted by what came of each other's guesses.
  // 0: of none.
  uint64_t task = 0;
  bool trace = false;  // tell where each token came from
  int32_t max_tokens = 256;
  std::vector<std::string> stop = {};  // none of them empty
  bool ignore_end = false;             // go on after end tokens (benchmarks)
  // When the whole answer should be there. A request for which that cannot be is refused, and one that has no
  // token by then is ended, with kDeadline.
  std::optional<Clock::time_point> deadline = {};
  // Not empty: ends what runs or waits with the same key and owner (kSuperseded), except for requests of the
  // same batch (0 is none).
  std::string supersedes = {};
  uint64_t batch = 0;
  // Others of one request of a client were accepted before it: it is not refused for a full queue any more.
  bool follows_accepted = false;
  sampling::SamplingParams sampling = {};
  // The answer's text is one that it allows; ends only where that is whole (or at a limit). Null: any text.
  std::shared_ptr<const constraint::Grammar> constraint = {};
  // What is asked for is a vector (Finish::embedding); max_tokens is 0 then.
  std::optional<Pooling> pooling = {};
};

// What an engine has done so far: sums over finished requests, and its steps.
struct Totals {
  int64_t steps = 0;
  int64_t rows = 0;      // of all steps
  int64_t requests = 0;  // finished, however
  int64_t prompt_tokens = 0;
  int64_t cached_tokens = 0;
  int64_t output_tokens = 0;
  int64_t passes = 0;
  CountsByOrigin by_origin = {};

  void add(const Usage& usage);
  void add(const Totals& others);
};

// What an engine has to do at this moment.
struct Load {
  int32_t waiting = 0;  // requests
  int32_t running = 0;
  int32_t pages = 0;  // of KV memory
  int32_t page_size = 0;  // tokens
  int32_t pages_in_use = 0;  // held by running requests or promised to them
};

inline constexpr float kMostEditConfidence = 0.999f;
inline constexpr size_t kMaxStops = 16;
inline constexpr size_t kMaxStopBytes = 512;

// Errors: kInvalidArgument, naming the field (an empty prompt, a token outside the vocabulary, an adapter that the
// executor does not have, a negative max_tokens; max_tokens beside pooling; ignore_end beside a constraint; an
// empty stop string, one that begins inside a character, more or longer ones than the
// constants above say; sampling parameters out of their range), kTooLarge (the prompt has more tokens than
// the context).
Result<void> validate(const Request& request, int32_t vocabulary, int32_t context_length, int32_t adapters = 0);

}  // namespace riposte::engine
