#include "apps/config_file.h"

#include <toml++/toml.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/mapped_file.h"

namespace riposte::apps {
namespace {

std::string environment_name(const CLI::Option& option) {
  std::string name = "RIPOSTE_" + option.get_lnames().front();
  std::ranges::transform(name, name.begin(), [](char c) {
    return c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  });
  return name;
}

// The value as it would stand on the command line; nothing for what cannot stand there.
std::optional<std::string> written(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
  return std::nullopt;
}

std::optional<std::vector<std::string>> values_of(const toml::node& node) {
  std::vector<std::string> values;
  const toml::array* list = node.as_array();
  if (!list) {
    const auto value = written(node);
    if (!value) return std::nullopt;
    return std::vector<std::string>{*value};
  }
  for (const toml::node& entry : *list) {
    const auto value = written(entry);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  return values;
}

Result<void> apply(CLI::App& command, std::string_view key, const toml::node& node) {
  const auto refuse = [&](std::string_view what) {
    return fail(ErrorCode::kInvalidArgument, "line {}, column {}: {}", node.source().begin.line,
                node.source().begin.column, what);
  };
  std::string name(key);
  std::ranges::replace(name, '_', '-');
  CLI::Option* option = command.get_option_no_throw("--" + name);
  if (!option || !option->get_configurable()) {
    return refuse(fmt::format("there is no option '{}' (see --help)", key));
  }
  if (option->count() > 0) return {};  // by the command line or the environment
  const auto values = values_of(node);
  if (!values)
    return refuse(fmt::format("'{}' takes a text, a number, true or false, or a list of them", key));
  const bool is_flag = option->get_expected_min() == 0;
  if (is_flag != node.is_boolean()) {
    return refuse(
        fmt::format("'{}' {}", key, is_flag ? "is true or false" : "takes a value, not true or false"));
  }
  if (values->empty()) return {};
  try {
    for (const std::string& value : *values) option->add_result(value);
    option->run_callback();
  } catch (const CLI::Error& error) {
    return refuse(error.what());
  }
  return {};
}

}  // namespace

void add_config_option(CLI::App& command, std::string& path) {
  CLI::Option* config = command.add_option("--config", path, "a TOML file with further options");
  for (CLI::Option* option : command.get_options()) {
    if (!option->get_lnames().empty() && option != command.get_help_ptr())
      option->envname(environment_name(*option));
  }
  config->configurable(false);
}

Result<void> apply_config_file(CLI::App& command, const std::string& path) try {
  if (path.empty()) return {};
  const Result<MappedFile> file = MappedFile::open(path);
  if (!file) return pass_on(file);
  const std::string_view text(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
  for (const auto& [key, node] : toml::parse(text)) {
    if (const auto applied = apply(command, key.str(), node); !applied) {
      return tl::unexpected<Error>(applied.error().within(path));
    }
  }
  return {};
} catch (const toml::parse_error& error) {
  return fail(ErrorCode::kCorrupt, "{}: line {}, column {}: {}", path, error.source().begin.line,
              error.source().begin.column, error.description());
}

}  // namespace riposte::apps
