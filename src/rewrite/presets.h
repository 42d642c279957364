// Presets: named instructions with their sampling defaults, in English and German, from a TOML file.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/executor.h"
#include "sampling/params.h"

namespace riposte::rewrite {

struct Preset {
  std::string name;               // "grammar"
  std::string language;           // "en", "de"
  std::string summary;            // one line for a list
  std::string instruction;        // the system message
  // Of a preset that an adapter was trained for: the whole prompt, in which "{text}" stands once for the text. Special
  // tokens may be spelled out in it. Empty: the instruction through the model's chat template.
  std::string prompt;
  model::AdapterId adapter = model::kNoAdapter;  // what computes it
  bool restrained = false;        // an answer that strays (restraint.h) is not taken
  bool by_sentence = false;       // a sentence needs to know nothing of those around it: each is a request
  float edit_confidence = 0.0f;   // see engine::Request
  int32_t max_tokens_factor = 2;  // an answer may be this many times the source's tokens, plus 32
  sampling::SamplingParams sampling;
};

class Presets {
 public:
  // Those that are embedded in the binary (src/rewrite/presets.toml).
  static const Presets& built_in();
  // Errors: kNotFound, kCorrupt with line and column, kInvalidArgument with the preset's name and the field.
  static Result<Presets> load(const std::filesystem::path& path);
  static Result<Presets> parse(std::string_view toml);

  // Errors: kNotFound; the message lists the names that exist.
  Result<const Preset*> find(std::string_view name, std::string_view language = "en") const;
  std::span<const Preset> all() const { return presets_; }
  // In place of the one of its name and language, or behind all.
  void put(Preset preset);

 private:
  std::vector<Preset> presets_;
};

}  // namespace riposte::rewrite
