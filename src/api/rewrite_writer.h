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
#include "api/rewrite_origins.h"
#include "api/usage.h"
#include "rewrite/assembly.h"
#include "rewrite/difference.h"
#include "rewrite/parts.h"

namespace riposte::api {

struct RewriteWriterOptions {
  std::string preset;  // empty: an instruction of the request's own
  std::string language;
  bool is_list = false;
  const tokenizer::Tokenizer* tokenizer = nullptr;  // not null: tell where each token came from
  bool restrained = false;  // of a part whose answer strays (rewrite/restraint.h) the source stays
  bool warms = false;  // nothing is rewritten: the prompts are computed for requests to come
};

// Each part of a text (a sentence, or all of it) is a choice of the answer; they may come in any order.
// The stream's events, all with the "index" of their text: "text" (a piece of the result), "edit" (one that
// is certain), "result" (what a whole answer says of this text), and last "done".
class RewriteWriter final : public AnswerWriter {
 public:
  RewriteWriter(const AnswerHead& head, RewriteWriterOptions options, std::vector<rewrite::CutText> texts);

  std::string whole(std::span<const ChoiceAnswer> choices) override;
  void begin(std::string& out) override;
  void part(int32_t choice, const AnswerPart& part, std::string& out) override;
  void end(int32_t choice, const engine::Finish& finish, std::string& out) override;
  void done(std::string& out) override;
  void error(const ApiError& error, std::string& out) override;

 private:
  // One text on its way to its result.
  struct Progress {
    Progress(rewrite::CutText text, const RewriteWriterOptions& options, size_t index);

    rewrite::Assembly assembly;
    rewrite::Difference difference;
    std::vector<rewrite::Edit> edits;
    size_t told_edits = 0;
    size_t computed = 0;       // parts that were not known already
    int64_t known_tokens = 0;  // of those that were
    const size_t index;
  };
  // Where a choice of the answer belongs.
  struct Part {
    size_t text = 0;
    size_t index = 0;  // among the parts of the text
  };

  Progress& text_of_choice(int32_t choice);
  // What the result of a text gains by more of a choice's answer, or by its end.
  std::string add(int32_t choice, std::string_view answer);
  std::string end_part(int32_t choice, const engine::Finish& finish);
  std::string gain(Progress& progress, std::string gained);
  boost::json::object edit_object(const Progress& progress, const rewrite::Edit& edit) const;
  boost::json::array reverted_of(const Progress& progress) const;
  boost::json::array origins_of(const Progress& progress) const;
  boost::json::object result_object(const Progress& progress) const;
  void tell_edits(Progress& progress, std::string& out) const;
  void tell_text(const Progress& progress, std::string_view text, std::string& out) const;

  const AnswerHead head_;
  const RewriteWriterOptions options_;
  std::vector<std::unique_ptr<Progress>> texts_;
  std::vector<Part> parts_;  // [choices]
};

}  // namespace riposte::api
