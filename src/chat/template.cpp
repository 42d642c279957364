#include "chat/template.h"

#include <boost/json.hpp>
#include <new>

#include "chat/functions.h"
#include "chat/interpreter.h"
#include "chat/json.h"
#include "chat/parser.h"

namespace riposte::chat {
namespace {

constexpr size_t kMaxSourceBytes = size_t{1} << 20;  // published templates have at most some 20 KiB
constexpr size_t kMaxNames =
    4096;  // a look-up walks the variables of a frame, so their number bounds its time
constexpr size_t kMaxProgramBytes = size_t{128} << 20;

tl::unexpected<Error> fail_at(ErrorCode code, Place place, std::string_view message) {
  return fail(code, "chat template, line {}, column {}: {}", place.line, place.column, message);
}

// The variables of a rendering that the template mentions.
class Globals {
 public:
  Globals(const Template::Program& program, Context& context, Frame& frame)
      : program_(program), context_(context), frame_(frame) {}

  template <class MakeValue>
  void define(std::string_view name, MakeValue make_value) {
    NameId id = 0;
    if (program_.names.find(name, id)) frame_.set(context_, id, make_value());
  }

 private:
  const Template::Program& program_;
  Context& context_;
  Frame& frame_;
};

void define_input(const Template::Program& program, const TemplateInput& input, Context& context,
                  Frame& frame) {
  Globals globals(program, context, frame);
  const auto own = [&](const std::string& text) {
    return [&context, &text] { return make_string(context, Text::own(text)); };
  };
  for (const auto& [id, function] : program.functions) frame.set(context, id, function);
  globals.define("bos_token", own(input.bos_token));
  globals.define("eos_token", own(input.eos_token));
  globals.define("add_generation_prompt", [&] { return Value::boolean(input.add_generation_prompt); });
  globals.define("messages", [&] { return from_messages(context, input.messages); });
  if (input.tools) globals.define("tools", [&] { return from_json(context, *input.tools); });
  if (!input.extra) return;
  for (const auto& [name, value] : *input.extra) {
    globals.define({name.data(), name.size()}, [&, &json = value] { return from_json(context, json); });
  }
}

}  // namespace

Template::Program::Program() : arena(kMaxProgramBytes) {
  varargs = names.intern("varargs");
  kwargs = names.intern("kwargs");
  caller = names.intern("caller");
  loop = names.intern("loop");
}

Template::Template(std::unique_ptr<const Program> program) : program_(std::move(program)) {}
Template::Template(Template&&) noexcept = default;
Template& Template::operator=(Template&&) noexcept = default;
Template::~Template() = default;

Result<Template> Template::parse(std::string_view source) {
  if (source.size() > kMaxSourceBytes) {
    return fail(ErrorCode::kTooLarge, "the chat template has {} bytes, more than the {} that are allowed",
                source.size(), kMaxSourceBytes);
  }
  try {
    auto program = std::make_unique<Program>();
    program->source = normalize_newlines(source);
    parse_program(*program);
    if (program->names.size() > kMaxNames) {
      return fail(ErrorCode::kTooLarge,
                  "the chat template has {} different names, more than the {} that are allowed",
                  program->names.size(), kMaxNames);
    }
    for (const GlobalFunction& global : global_functions()) {
      NameId id = 0;
      if (program->names.find(global.name, id))
        program->functions.emplace_back(id, Value::function(global.function));
    }
    return Template(std::move(program));
  } catch (const SyntaxFailure& failure) {
    return fail_at(failure.code, failure.place, failure.message);
  } catch (const Failure& failure) {
    return fail(failure.code, "the chat template {}", failure.message);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::kTooLarge, "there is no memory left to read the chat template");
  } catch (const std::exception& unexpected) {
    return fail(ErrorCode::kInternal, "the chat template could not be read: {}", unexpected.what());
  }
}

Result<tokenizer::MarkedText> Template::render(const TemplateInput& input, const RenderLimits& limits) const {
  Context context(limits);
  Interpreter interpreter(*program_, context);
  try {
    context.now = input.now ? *input.now : std::chrono::system_clock::now();
    Frame globals;
    define_input(*program_, input, context, globals);
    TextBuilder out(context);
    interpreter.run(globals, out);
    return out.release();
  } catch (const Failure& failure) {
    return fail_at(failure.code, interpreter.place(), failure.message);
  } catch (const std::bad_alloc&) {
    return fail_at(ErrorCode::kTooLarge, interpreter.place(), "there is no memory left to render");
  } catch (const std::exception& unexpected) {
    return fail_at(ErrorCode::kInternal, interpreter.place(), unexpected.what());
  }
}

}  // namespace riposte::chat
