// What every dialect says about an answer, so that the server moves answers without knowing dialects.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/error.h"
#include "api/served_model.h"
#include "engine/request.h"
#include "sampling/logprobs.h"

namespace riposte::api {

// How the pieces of a stream are told apart on the wire.
enum class StreamKind {
  kEvents,  // server-sent events: text/event-stream
  kLines,   // one JSON object a line: application/x-ndjson
};

// Text of one choice, and the log-probabilities of its tokens if the request wanted them.
struct AnswerPart {
  std::string text;  // UTF-8, whole characters
  std::vector<sampling::Logprobs> logprobs;
};

struct ChoiceAnswer : AnswerPart {
  engine::Finish finish;  // reason kStop or kLength
};

// Writes the answer to one request in the dialect of the request. Either whole() is called, once, or, for a
// stream: begin(), any number of part() and end() (one for each choice), done(); or error() instead of what
// is left. Each appends complete events or lines.
class AnswerWriter {
 public:
  virtual ~AnswerWriter() = default;
  virtual std::string whole(std::span<const ChoiceAnswer> choices) = 0;
  virtual void begin(std::string& out) = 0;
  virtual void part(int32_t choice, const AnswerPart& part, std::string& out) = 0;
  virtual void end(int32_t choice, const engine::Finish& finish, std::string& out) = 0;
  virtual void done(std::string& out) = 0;
  virtual void error(const ApiError& error, std::string& out) = 0;
  virtual StreamKind stream_kind() const { return StreamKind::kEvents; }
};

// A request of any dialect, ready for the engine.
struct Generation {
  std::vector<engine::Request>
      requests;  // one for each choice of the answer; none: the answer is known already
  bool stream = false;
  bool repeatable = true;  // asked again, the answer would be the same: no seed was drawn for it
  std::unique_ptr<AnswerWriter> writer;
};

// What a request gets from the server rather than from its body.
struct RequestContext {
  std::string id;            // without a prefix such as "chatcmpl-"
  int64_t created = 0;       // seconds since 1970
  uint64_t random_seed = 0;  // where the request names none
};

// Reads the body of a request to one endpoint.
using ReadGeneration = ApiResult<Generation> (*)(std::string_view body, const ServedModel& model,
                                                 const RequestContext& context);

// Appends "data: JSON\n\n", with "event: NAME\n" in front unless the name is empty.
void append_event(std::string_view name, std::string_view json, std::string& out);

}  // namespace riposte::api
