// What a rewrite changed: edits of words, which give the result when they are applied to the source.
//
// Edits become certain while the result is still growing, and a certain edit never changes: a difference
// stays open until the result has come back to the source, which is when it has three words in a row in
// common with it again. What lies between is then aligned so that as many words as possible stay (a weighted
// longest common subsequence). So the edits of a stream and those of the whole text are the same.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rewrite/units.h"
#include "tokenizer/marked_text.h"

namespace riposte::rewrite {

using tokenizer::ByteRange;

enum class EditKind { kInsert, kDelete, kReplace };

// What kind of change it is for a reader, from the lightest to the heaviest.
enum class EditCategory {
  kSpacing,      // white space only
  kPunctuation,  // signs only
  kCase,         // the same letters in another case
  kForm,         // one word, changed in a few letters: spelling, inflection
  kWording,      // anything else
};

struct Edit {
  ByteRange source;  // what is replaced; empty for kInsert
  ByteRange result;  // what stands there instead; empty for kDelete
  EditKind kind = EditKind::kReplace;
  EditCategory category = EditCategory::kWording;
  friend bool operator==(const Edit&, const Edit&) = default;
};

class Difference {
 public:
  // Both texts are UTF-8 and at most 4 GiB long.
  explicit Difference(std::string source);
  Difference(const Difference&) = delete;
  Difference& operator=(const Difference&) = delete;

  // More of the result, in whole characters. The edits that are certain by now are appended to `out`, in
  // ascending order.
  void push(std::string_view text, std::vector<Edit>& out);
  // The result is complete: all other edits.
  void finish(std::vector<Edit>& out);

  const std::string& source() const { return source_; }
  const std::string& result() const { return result_; }

 private:
  void read(size_t uncertain, std::vector<Edit>& out);
  void read_units(size_t uncertain);
  bool came_back();
  void close(size_t source_end, size_t result_end, std::vector<Edit>& out);

  const std::string source_;
  std::string result_;
  std::vector<Unit> source_units_;
  std::vector<Unit> result_units_;  // the certain ones of result_
  size_t next_source_ = 0;          // units before these are settled
  size_t next_result_ = 0;
  size_t read_ = 0;         // result units that were looked at
  size_t returned_to_ = 0;  // behind the source units with which the result's last ones agree
};

// The edits of two whole texts.
std::vector<Edit> difference(std::string_view source, std::string_view result);

// The source with all edits made; `result` is the text that their result spans point into.
std::string apply(std::string_view source, std::string_view result, std::span<const Edit> edits);

std::string_view name_of(EditKind kind);          // "insert", "delete", "replace"
std::string_view name_of(EditCategory category);  // "spacing", "punctuation", "case", "form", "wording"

}  // namespace riposte::rewrite
