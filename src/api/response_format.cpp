#include "api/response_format.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <string>
#include <utility>

#include "constraint/schema.h"

namespace riposte::api {
namespace {

namespace json = boost::json;

void take(Fields& fields, ApiResult<Constraint> constraint, AnswerForm& out) {
  if (!constraint) return fields.refuse_with(tl::unexpected(constraint.error()));
  out.grammar = std::move(*constraint);
}

void read_schema(Fields& fields, const json::value* schema, const std::string& path, AnswerForm& out) {
  if (!schema) {
    return fields.refuse_with(
        bad_request(path, fmt::format("'{}' is missing: expected a JSON schema", path)));
  }
  take(fields, shared_grammar(constraint::compile_schema(*schema), path), out);
  out.schema = *schema;
}

// {"type": ..., and with json_schema a "schema" of its own, or inside "json_schema"}
void read_format(Fields& fields, const json::object& format, const std::string& path, bool schema_is_inside,
                 AnswerForm& out) {
  Fields inner(format, path);
  std::string type;
  inner.text("type", type);
  const json::object* holder =
      schema_is_inside && type == "json_schema" ? inner.object("json_schema") : &format;
  if (!inner.ok()) return fields.refuse_with(inner.complaint());
  if (type == "text") return;
  if (type == "json_object") return take(fields, shared_grammar(constraint::any_object_grammar(), path), out);
  if (type != "json_schema") {
    return fields.refuse_with(bad_request(
        path,
        fmt::format("'{}' must be \"text\", \"json_object\" or \"json_schema\"", inner.path_of("type"))));
  }
  const std::string schema_path = schema_is_inside ? path + ".json_schema.schema" : path + ".schema";
  read_schema(fields, holder ? holder->if_contains("schema") : nullptr, schema_path, out);
}

}  // namespace

ApiResult<Constraint> shared_grammar(Result<constraint::Grammar> grammar, const std::string& param) {
  if (!grammar) return bad_request(param, fmt::format("'{}': {}", param, grammar.error().message));
  return std::make_shared<const constraint::Grammar>(std::move(*grammar));
}

void read_response_format(Fields& fields, AnswerForm& out) {
  const json::object* format = fields.object("response_format");
  if (format && fields.ok()) read_format(fields, *format, "response_format", /*schema_is_inside=*/true, out);
}

void read_text_format(Fields& fields, AnswerForm& out) {
  const json::object* text = fields.object("text");
  if (!text || !fields.ok()) return;
  Fields inner(*text, "text");
  const json::object* format = inner.object("format");
  if (!inner.ok()) return fields.refuse_with(inner.complaint());
  if (format) read_format(fields, *format, "text.format", /*schema_is_inside=*/false, out);
}

void read_ollama_format(Fields& fields, AnswerForm& out) {
  const json::value* format = fields.any("format");
  if (!format || !fields.ok() || *format == "") return;
  if (*format == "json") return take(fields, shared_grammar(constraint::any_object_grammar(), "format"), out);
  if (!format->is_object()) return fields.refuse("format", "\"json\" or a JSON schema", *format);
  read_schema(fields, format, "format", out);
}

}  // namespace riposte::api
