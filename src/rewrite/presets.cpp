#include "rewrite/presets.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/mapped_file.h"
#include "engine/request.h"
#include "rewrite/presets_toml.h"

namespace riposte::rewrite {
namespace {

constexpr int64_t kMaxTokensFactor = 64;

// A field of a preset that is not what it should be: "preset 'x' (en): FIELD must be WHAT (line L, column
// C)".
tl::unexpected<Error> bad_field(std::string_view preset, std::string_view field, std::string_view must_be,
                                const toml::source_region& where) {
  return fail(ErrorCode::kInvalidArgument, "preset '{}': {} must be {} (line {}, column {})", preset, field,
              must_be, where.begin.line, where.begin.column);
}

Result<void> refuse_unknown_keys(const toml::table& table, std::span<const std::string_view> known,
                                 std::string_view preset) {
  for (const auto& [key, value] : table) {
    if (std::find(known.begin(), known.end(), key.str()) == known.end()) {
      return fail(ErrorCode::kInvalidArgument,
                  "preset '{}': there is no field '{}' (line {}, column {}); known are {}", preset, key.str(),
                  key.source().begin.line, key.source().begin.column, fmt::join(known, ", "));
    }
  }
  return {};
}

// Reads preset fields into variables; remembers the first failure, so that the reading itself stays a plain
// list.
class FieldReader {
 public:
  FieldReader(const toml::table& table, std::string_view preset) : table_(table), preset_(preset) {}

  void text(std::string_view key, std::string& out, bool required) {
    const toml::node* node = present(key, required, "a text");
    if (!node) return;
    const auto* value = node->as_string();
    if (!value || value->get().empty()) return refuse(key, "a text that is not empty", node->source());
    out = value->get();
  }

  void number(std::string_view key, float& out, double low, double high) {
    const toml::node* node = present(key, false, "");
    if (!node) return;
    const std::optional<double> value = node->value<double>();
    if (!node->is_number() || !value || !std::isfinite(*value) || *value < low || *value > high) {
      return refuse(key, fmt::format("a number from {} to {}", low, high), node->source());
    }
    out = static_cast<float>(*value);
  }

  void boolean(std::string_view key, bool& out) {
    const toml::node* node = present(key, false, "");
    if (!node) return;
    const auto* value = node->as_boolean();
    if (!value) return refuse(key, "true or false", node->source());
    out = value->get();
  }

  template <class Integer>
  void integer(std::string_view key, Integer& out, int64_t low, int64_t high) {
    const toml::node* node = present(key, false, "");
    if (!node) return;
    const auto* value = node->as_integer();
    if (!value || value->get() < low || value->get() > high) {
      return refuse(key, fmt::format("a whole number from {} to {}", low, high), node->source());
    }
    out = static_cast<Integer>(value->get());
  }

  Result<void> result() const {
    if (failure_) return tl::unexpected<Error>(*failure_);
    return {};
  }

 private:
  const toml::node* present(std::string_view key, bool required, std::string_view must_be) {
    const toml::node* node = table_.get(key);
    if (!node && required) refuse(key, must_be, table_.source());
    return node;
  }

  void refuse(std::string_view key, std::string_view must_be, const toml::source_region& where) {
    if (!failure_) failure_ = bad_field(preset_, key, must_be, where).value();
  }

  const toml::table& table_;
  std::string_view preset_;
  std::optional<Error> failure_;
};

Result<void> read_sampling(const toml::table& table, std::string_view preset, sampling::SamplingParams& out) {
  static constexpr std::array<std::string_view, 9> kKnown = {
      "temperature",       "top_k", "top_p", "min_p", "repetition_penalty", "presence_penalty",
      "frequency_penalty", "seed"};
  if (auto known = refuse_unknown_keys(table, kKnown, preset); !known) return known;
  FieldReader reader(table, preset);
  reader.number("temperature", out.temperature, 0.0, 2.0);
  reader.integer("top_k", out.top_k, 0, INT32_MAX);
  reader.number("top_p", out.top_p, 0.0, 1.0);
  reader.number("min_p", out.min_p, 0.0, 1.0);
  reader.number("repetition_penalty", out.repetition_penalty, 0.01, 10.0);
  reader.number("presence_penalty", out.presence_penalty, -2.0, 2.0);
  reader.number("frequency_penalty", out.frequency_penalty, -2.0, 2.0);
  reader.integer("seed", out.seed, 0, INT64_MAX);
  return reader.result();
}

Result<Preset> read_preset(const toml::table& table) {
  static constexpr std::array<std::string_view, 9> kKnown = {
      "name",        "language",        "summary",           "instruction",
      "by_sentence", "restrained", "edit_confidence", "max_tokens_factor", "sampling"};
  Preset preset;
  const std::string label = table["name"].value_or(std::string("without a name"));
  if (auto known = refuse_unknown_keys(table, kKnown, label); !known) return pass_on(known);
  FieldReader reader(table, label);
  reader.text("name", preset.name, true);
  reader.text("language", preset.language, true);
  reader.text("summary", preset.summary, false);
  reader.text("instruction", preset.instruction, true);
  reader.boolean("by_sentence", preset.by_sentence);
  reader.boolean("restrained", preset.restrained);
  reader.number("edit_confidence", preset.edit_confidence, 0.0, engine::kMostEditConfidence);
  reader.integer("max_tokens_factor", preset.max_tokens_factor, 1, kMaxTokensFactor);
  if (auto read = reader.result(); !read) return pass_on(read);
  if (const toml::node* sampling = table.get("sampling")) {
    const toml::table* fields = sampling->as_table();
    if (!fields) return bad_field(label, "sampling", "a table", sampling->source());
    if (auto read = read_sampling(*fields, label, preset.sampling); !read) return pass_on(read);
  }
  return preset;
}

Result<std::vector<Preset>> read_presets(const toml::table& file) {
  static constexpr std::array<std::string_view, 1> kKnown = {"preset"};
  if (auto known = refuse_unknown_keys(file, kKnown, "file"); !known) return pass_on(known);
  const toml::array* entries = file["preset"].as_array();
  if (!entries || entries->empty()) {
    return fail(ErrorCode::kInvalidArgument, "there are no presets: expected at least one [[preset]] table");
  }
  std::vector<Preset> presets;
  for (const toml::node& entry : *entries) {
    const toml::table* table = entry.as_table();
    if (!table) return bad_field("without a name", "preset", "a [[preset]] table", entry.source());
    Result<Preset> preset = read_preset(*table);
    if (!preset) return pass_on(preset);
    const bool twice = std::any_of(presets.begin(), presets.end(), [&](const Preset& other) {
      return other.name == preset->name && other.language == preset->language;
    });
    if (twice) {
      return bad_field(preset->name, "name",
                       fmt::format("there once for the language '{}'", preset->language), table->source());
    }
    presets.push_back(std::move(*preset));
  }
  return presets;
}

Presets parse_built_in() {
  // A mistake in the embedded file is a defect of the build; the tests read it, so an empty list never ships.
  Result<Presets> presets = Presets::parse(kPresetsToml);
  return presets ? std::move(*presets) : Presets{};
}

}  // namespace

const Presets& Presets::built_in() {
  static const Presets presets = parse_built_in();
  return presets;
}

Result<Presets> Presets::load(const std::filesystem::path& path) {
  Result<MappedFile> file = MappedFile::open(path);
  if (!file) return pass_on(file);
  const auto bytes = file->bytes();
  Result<Presets> presets = parse({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (!presets) return tl::unexpected<Error>(presets.error().within(path.string()));
  return presets;
}

Result<Presets> Presets::parse(std::string_view toml) try {
  Result<std::vector<Preset>> read = read_presets(toml::parse(toml));
  if (!read) return pass_on(read);
  Presets presets;
  presets.presets_ = std::move(*read);
  return presets;
} catch (const toml::parse_error& error) {
  return fail(ErrorCode::kCorrupt, "line {}, column {}: {}", error.source().begin.line,
              error.source().begin.column, error.description());
}

void Presets::put(Preset preset) {
  const auto same = std::ranges::find_if(presets_, [&preset](const Preset& other) {
    return other.name == preset.name && other.language == preset.language;
  });
  if (same == presets_.end()) {
    presets_.push_back(std::move(preset));
  } else {
    *same = std::move(preset);
  }
}

Result<const Preset*> Presets::find(std::string_view name, std::string_view language) const {
  std::vector<std::string_view> names;
  std::vector<std::string_view> languages;
  for (const Preset& preset : presets_) {
    if (preset.name == name) {
      if (preset.language == language) return &preset;
      languages.push_back(preset.language);
    }
    if (std::find(names.begin(), names.end(), preset.name) == names.end()) names.push_back(preset.name);
  }
  if (!languages.empty()) {
    return fail(ErrorCode::kNotFound, "preset '{}' has no language '{}'; it has {}", name, language,
                fmt::join(languages, ", "));
  }
  return fail(ErrorCode::kNotFound, "there is no preset '{}'; there are {}", name, fmt::join(names, ", "));
}

}  // namespace riposte::rewrite
