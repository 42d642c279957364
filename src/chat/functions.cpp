#include "chat/functions.h"

#include <ctime>
#include <string>

#include "chat/arguments.h"

namespace riposte::chat {
namespace {

// The bound of Jinja's sandbox, which published templates are written for.
constexpr int64_t kLongestRange = 100'000;

Value range(Context& context, const Arguments& arguments) {
  const auto [first, second, third] = bind<3>("range", arguments, {"start", "stop", "step"}, 1);
  const int64_t start = second ? integer_or("range", first, 0) : 0;
  const int64_t stop = integer_or("range", second ? second : first, 0);
  const int64_t step = integer_or("range", third, 1);
  if (step == 0) raise_invalid("the step of range() cannot be zero");
  __extension__ using Wide = __int128;  // stop - start may need 65 bits
  const Wide distance = step > 0 ? Wide{stop} - start : Wide{start} - stop;
  const Wide stride = step > 0 ? Wide{step} : -Wide{step};
  const Wide count = distance > 0 ? (distance + stride - 1) / stride : 0;
  if (count > kLongestRange) raise(ErrorCode::kTooLarge, "range() goes beyond {} numbers", kLongestRange);
  context.charge(static_cast<size_t>(count) / 8);
  std::span<Value> numbers = context.arena.array<Value>(static_cast<size_t>(count));
  for (size_t i = 0; i < numbers.size(); ++i) {
    numbers[i] = Value::integer(static_cast<int64_t>(Wide{start} + static_cast<Wide>(i) * step));
  }
  return Value::list(context.arena, numbers);
}

// Entries from a dict or pairs in front, then from names.
ArenaVector<Entry> collect(Context& context, const Arguments& arguments, std::string_view function) {
  if (arguments.positional.size() > 1) raise_invalid("{}() takes at most one value without a name", function);
  ArenaVector<Entry> entries;
  if (!arguments.positional.empty()) {
    const Value& from = arguments.positional[0];
    if (from.is(Kind::kDict)) {
      for (const Entry& entry : from.entries()) assign(context, entries, entry.first, entry.second);
    } else {
      for (const Value& pair : iterate(context, from)) {
        if (!pair.is_sequence() || pair.items().size() != 2) raise_invalid("{}() needs pairs", function);
        assign(context, entries, pair.items()[0], pair.items()[1]);
      }
    }
  }
  for (const auto& [name, value] : arguments.named) assign(context, entries, make_own(context, name), value);
  return entries;
}

Value make_namespace(Context& context, const Arguments& arguments) {
  return Value::name_space(context.arena.make<Namespace>(collect(context, arguments, "namespace")));
}

Value make_dict(Context& context, const Arguments& arguments) {
  return Value::dict(context.arena, collect(context, arguments, "dict").view());
}

Value raise_exception(Context& context, const Arguments& arguments) {
  const auto [message] = bind<1>("raise_exception", arguments, {"message"}, 1);
  raise_invalid("{}", to_text(context, *message).bytes);
}

Value strftime_now(Context& context, const Arguments& arguments) {
  const auto [format] = bind<1>("strftime_now", arguments, {"format"}, 1);
  const Text& text = text_of("strftime_now", *format);
  if (text.bytes.size() > 256) raise(ErrorCode::kTooLarge, "strftime_now() takes at most 256 bytes");
  const std::time_t now = std::chrono::system_clock::to_time_t(context.now);
  std::tm local{};
  localtime_r(&now, &local);
  char buffer[8192];
  const std::string pattern(text.bytes);
  const size_t size = std::strftime(buffer, sizeof buffer, pattern.c_str(), &local);
  const std::string_view written(buffer, size);
  return make_string(
      context, {context.arena.copy(written), text.trust == Trust::kAll ? Trust::kAll : Trust::kNone, {}});
}

template <const char* kName>
Value unsupported(Context&, const Arguments&) {
  raise(ErrorCode::kUnsupported, "the function '{}' is not supported", kName);
}
constexpr char kCycler[] = "cycler", kJoiner[] = "joiner", kLipsum[] = "lipsum";

constexpr GlobalFunction kFunctions[] = {
    {"range", range},
    {"namespace", make_namespace},
    {"dict", make_dict},
    {"raise_exception", raise_exception},
    {"strftime_now", strftime_now},
    {kCycler, unsupported<kCycler>},
    {kJoiner, unsupported<kJoiner>},
    {kLipsum, unsupported<kLipsum>},
};

}  // namespace

std::span<const GlobalFunction> global_functions() {
  return kFunctions;
}

}  // namespace riposte::chat
