// A result put together from the rewritten parts of a text, in the order of the text, whichever is ready
// first.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "rewrite/difference.h"

namespace riposte::api {

// A text and the parts of it that the model sees, one after another; all else stands in the result as it is.
struct RewriteText {
  std::string text;
  std::vector<rewrite::ByteRange> parts;  // at least one
  bool edges_are_read = false;  // the model sees the white space around a part, and its own counts
};

// White space at the beginning and the end of an answer is replaced by what stands around its part in the
// source, unless the model has read that.
class RewriteAssembly {
 public:
  explicit RewriteAssembly(RewriteText text) : source_(std::move(text)), answers_(source_.parts.size()), places_(source_.parts.size()) {}

  const std::string& source() const { return source_.text; }
  const rewrite::ByteRange& part(size_t index) const { return source_.parts[index]; }
  size_t parts() const { return answers_.size(); }
  // More of the answer for a part, or its end. Both return what the result gains by it.
  std::string add(size_t part, std::string_view answer);
  std::string end(size_t part);
  bool whole() const { return now_ == answers_.size(); }
  // Where the answer for a part stands in the result, once it has ended.
  const rewrite::ByteRange& place(size_t part) const { return places_[part]; }

 private:
  struct Answer {
    std::string held;  // not in the result yet
    bool ended = false;
  };

  std::string advance();
  void advance(std::string& gained);
  std::string_view kept_before(size_t part) const;

  const RewriteText source_;
  std::vector<Answer> answers_;  // [parts]
  std::vector<rewrite::ByteRange> places_;  // [parts]
  size_t length_ = 0;            // of the result, in bytes
  size_t now_ = 0;               // the part with which the result goes on
  bool begun_ = false;           // it has something of that part
};

}  // namespace riposte::api
