// Answers to POST /v1/rewrite: results with their edits and checks, whole or as they become certain.
#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/answer.h"
#include "api/answer_head.h"
#include "rewrite/difference.h"

namespace riposte::api {

// A text and the part of it, in bytes, that the model saw: all but the white space around it.
struct RewriteText {
  std::string text;
  size_t begin = 0;
  size_t end = 0;
};

struct RewriteWriterOptions {
  std::string preset;  // empty: an instruction of the request's own
  std::string language;
  bool is_list = false;
};

// The stream's events, all with the "index" of their text: "text" (a piece of the result), "edit" (one that
// is certain), "result" (what a whole answer says of this text), and last "done".
class RewriteWriter final : public AnswerWriter {
 public:
  RewriteWriter(const AnswerHead& head, RewriteWriterOptions options, std::vector<RewriteText> texts);

  std::string whole(std::span<const ChoiceAnswer> choices) override;
  void begin(std::string& out) override;
  void part(int32_t choice, const AnswerPart& part, std::string& out) override;
  void end(int32_t choice, const engine::Finish& finish, std::string& out) override;
  void done(std::string& out) override;
  void error(const ApiError& error, std::string& out) override;

 private:
  // One text on its way to its result.
  struct Progress {
    Progress(const RewriteText& text, size_t index);

    // More of the model's answer; returns what the result gains by it. Its white space at the beginning and
    // at the end is replaced by that of the source.
    std::string add(std::string_view answer);
    std::string finish();

    const std::string before, behind;  // the white space around the source
    rewrite::Difference difference;
    std::vector<rewrite::Edit> edits;
    size_t told_edits = 0;
    std::string held;  // white space that may turn out to be the last of the answer
    bool begun = false;
    const size_t index;
  };

  boost::json::object edit_object(const Progress& progress, const rewrite::Edit& edit) const;
  boost::json::object result_object(const Progress& progress, const engine::Finish& finish) const;
  void tell_edits(Progress& progress, std::string& out) const;
  void tell_text(const Progress& progress, std::string_view text, std::string& out) const;

  const AnswerHead head_;
  const RewriteWriterOptions options_;
  std::vector<std::unique_ptr<Progress>> texts_;
};

}  // namespace riposte::api
