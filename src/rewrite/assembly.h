// A result put together from the rewritten parts of a text, in the order of the text, whichever is ready
// first.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/request.h"
#include "rewrite/difference.h"
#include "rewrite/parts.h"
#include "rewrite/restraint.h"

namespace riposte::rewrite {

// White space at the beginning and the end of an answer is replaced by what stands around its part in the
// source, unless the model has read that.
class Assembly {
 public:
  // `restraint`: the text's language, if of a part whose answer strays (restraint.h) the source is to stay.
  explicit Assembly(CutText text, std::optional<std::string> restraint = {})
      : source_(std::move(text)),
        restraint_(std::move(restraint)),
        answers_(source_.parts.size()),
        places_(answers_.size()) {}

  const std::string& source() const { return source_.text; }
  const ByteRange& part(size_t index) const { return source_.parts[index]; }
  std::string_view part_text(size_t index) const { return source_.part_text(index); }
  size_t parts() const { return answers_.size(); }
  // White space and whatever else no part holds, before this one; with parts() behind the last.
  std::string_view kept_before(size_t part) const;

  // More of the answer for a part, or its end. Both return what the result gains by it.
  std::string add(size_t part, std::string_view answer);
  std::string end(size_t part, engine::Finish finish);

  bool whole() const { return now_ == answers_.size(); }
  // Where the answer for a part stands in the result, once it has ended.
  const ByteRange& place(size_t part) const { return places_[part]; }
  // Why the source stands there instead of the answer.
  Stray stray(size_t part) const { return answers_[part].stray; }
  const engine::Finish& finish(size_t part) const { return answers_[part].finish; }
  // Of all parts that have ended, without their traces. They are computed side by side: the slowest counts,
  // and one that was cut short cuts the whole.
  engine::Finish finish() const;

 private:
  struct Answer {
    std::string held;  // not in the result yet
    bool ended = false;
    Stray stray = Stray::kNone;
    engine::Finish finish = {};
  };

  std::string advance();
  void advance(std::string& gained);

  CutText source_;
  std::optional<std::string> restraint_;
  std::vector<Answer> answers_;    // [parts]
  std::vector<ByteRange> places_;  // [parts]
  size_t length_ = 0;              // of the result, in bytes
  size_t now_ = 0;                 // the part with which the result goes on
  bool begun_ = false;             // it has something of that part
};

}  // namespace riposte::rewrite
