#include "apps/explain.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace riposte::apps {
namespace {

using drafting::Origin;

struct Look {
  std::string_view legend;
  std::string_view open, close;  // as plain marks
  std::string_view colour;       // as an ANSI escape
};

constexpr std::array<Look, drafting::kOrigins> kLooks = {{
    {"copied from the source", "", "", "\x1b[38;5;114m"},
    {"known from earlier answers", "{", "}", "\x1b[38;5;75m"},
    {"expected by the client", "<", ">", "\x1b[38;5;176m"},
    {"guessed by a smaller model", "(", ")", "\x1b[38;5;80m"},
    {"said before, behind a wrong guess", "~", "~", "\x1b[38;5;150m"},
}};
constexpr Look kComputed = {"computed", "[", "]", "\x1b[1;38;5;215m"};
constexpr std::string_view kReset = "\x1b[0m";
constexpr std::string_view kDim = "\x1b[38;5;244m";
constexpr std::string_view kIndent = "  ";
constexpr int kPassColumns = 8;  // "  pass 3  " without its indent

const Look& look_of(const std::optional<Origin>& origin) {
  return origin ? kLooks[static_cast<size_t>(*origin)] : kComputed;
}

// Terminal cells of a text in UTF-8.
int width_of(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    utf8proc_int32_t character = 0;
    const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                         static_cast<utf8proc_ssize_t>(text.size()), &character);
    if (length <= 0) return width + static_cast<int>(text.size());
    width += utf8proc_charwidth(character);
    text.remove_prefix(static_cast<size_t>(length));
  }
  return width;
}

// What would move the cursor or change the terminal is shown as a sign: a model may write anything.
std::string harmless(std::string_view text, bool keep_lines) {
  std::string shown;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '\n') {
      shown += keep_lines ? "\n" : "⏎";
    } else if (letter == '\t') {
      shown += ' ';
    } else if (byte < 0x20 || byte == 0x7f) {
      shown += "·";
    } else {
      shown += letter;
    }
  }
  return shown;
}

// Which looks occur, in the order of the origins, the computed one last.
std::vector<const Look*> looks_of(std::span<const Piece> pieces) {
  std::vector<const Look*> looks;
  const auto occurs = [&](const Look& look) {
    return std::ranges::any_of(pieces,
                               [&look](const Piece& piece) { return &look_of(piece.origin) == &look; });
  };
  for (const Look& look : kLooks) {
    if (occurs(look)) looks.push_back(&look);
  }
  if (occurs(kComputed)) looks.push_back(&kComputed);
  return looks;
}

// Tokens of the answer with this look.
int32_t tokens_of(std::span<const Piece> pieces, const Look& look) {
  int32_t tokens = 0;
  for (const Piece& piece : pieces) tokens += &look_of(piece.origin) == &look ? piece.tokens : 0;
  return tokens;
}

std::string counted(int64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string cost_of(const engine::Usage& usage) {
  std::string cost = fmt::format("{} in {}", counted(usage.output_tokens, "token", "tokens"),
                                 counted(usage.passes, "pass", "passes"));
  if (usage.passes > 0)
    cost += fmt::format(": {:.1f} a pass", static_cast<double>(usage.output_tokens) / usage.passes);
  if (usage.drafted_tokens > 0) {
    cost += fmt::format("; {} of {} right", usage.accepted_tokens,
                        counted(usage.drafted_tokens, "guess", "guesses"));
  }
  return cost;
}

// One line for each pass, each beginning where the one before has ended.
std::string staircase(std::span<const Piece> pieces, int columns) {
  int width = 0;
  for (const Piece& piece : pieces) width += width_of(harmless(piece.text, false));
  const int digits = pieces.empty() ? 1 : static_cast<int>(fmt::formatted_size("{}", pieces.back().pass));
  const bool fits = width + digits + kPassColumns + static_cast<int>(kIndent.size()) <= columns;
  std::string stairs;
  int column = 0;
  int32_t pass = 0;
  for (const Piece& piece : pieces) {
    const std::string text = harmless(piece.text, false);
    if (piece.pass != pass) {
      pass = piece.pass;
      stairs += fmt::format("{}{}{}pass {:>{}}{} {:{}}", stairs.empty() ? "" : "\n", kIndent, kDim, pass,
                            digits, kReset, "", fits ? column : 0);
    }
    stairs += fmt::format("{}{}{}", look_of(piece.origin).colour, text, kReset);
    column += width_of(text);
  }
  return stairs.empty() ? stairs : stairs + "\n";
}

}  // namespace

std::string_view origin_name(Origin origin) {
  constexpr std::array<std::string_view, drafting::kOrigins> kNames = {"source", "history", "prediction",
                                                                       "model", "lookahead"};
  return kNames[static_cast<size_t>(origin)];
}

std::vector<Piece> pieces_of(std::span<const engine::TokenTrace> trace,
                             const tokenizer::Tokenizer& tokenizer) {
  std::vector<Piece> pieces;
  tokenizer::Utf8Stream characters;
  bool first = tokenizer.strips_first_space();
  const auto append = [&](std::string text, const engine::TokenTrace& token) {
    const auto origin = token.guessed ? std::optional(token.origin) : std::nullopt;
    if (pieces.empty() || pieces.back().pass != token.pass || pieces.back().origin != origin) {
      pieces.push_back({"", 0, token.pass, origin});
    }
    pieces.back().text += text;
  };
  for (const engine::TokenTrace& token : trace) {
    std::string_view bytes = tokenizer.token_bytes(token.token);
    if (first && bytes.starts_with(' ')) bytes.remove_prefix(1);
    first = false;
    append(characters.push(bytes), token);
    ++pieces.back().tokens;
  }
  if (!trace.empty()) append(characters.finish(), trace.back());
  return pieces;
}

std::vector<Piece> pieces_of(const rewrite::Assembly& assembly, const tokenizer::Tokenizer& tokenizer) {
  std::vector<Piece> all;
  int32_t passes = 0;
  for (size_t part = 0; part < assembly.parts(); ++part) {
    if (!all.empty()) all.back().text += assembly.kept_before(part);
    std::vector<Piece> pieces = {{std::string(assembly.part_text(part)), 0, 1, Origin::kSource}};
    if (assembly.stray(part) == rewrite::Stray::kNone)
      pieces = pieces_of(assembly.finish(part).trace, tokenizer);
    for (Piece& piece : pieces) piece.pass += passes;
    if (!pieces.empty()) passes = pieces.back().pass;
    all.insert(all.end(), std::make_move_iterator(pieces.begin()), std::make_move_iterator(pieces.end()));
  }
  return all;
}

std::string explain_plainly(std::span<const Piece> pieces, const engine::Usage& usage) {
  std::string text;
  const Look* look = nullptr;
  for (const Piece& piece : pieces) {
    const Look& own = look_of(piece.origin);
    // A space in front of a word stands outside of its mark.
    const bool space = look != &own && piece.text.starts_with(' ');
    if (look != &own) text += fmt::format("{}{}{}", look ? look->close : "", space ? " " : "", own.open);
    text += harmless(std::string_view(piece.text).substr(space ? 1 : 0), true);
    look = &own;
  }
  if (look != nullptr) text += look->close;
  text += "\n";
  for (const Look* each : looks_of(pieces)) {
    const std::string mark =
        each->open.empty() ? "unmarked" : fmt::format("{}marked{}", each->open, each->close);
    text += fmt::format("{}{:<10}{} ({})\n", kIndent, mark, each->legend, tokens_of(pieces, *each));
  }
  return text + fmt::format("{}{}\n", kIndent, cost_of(usage));
}

std::string explain_in_colours(std::span<const Piece> pieces, const engine::Usage& usage, int columns) {
  std::string text(kIndent);
  for (const Piece& piece : pieces) {
    std::string shown = harmless(piece.text, true);
    for (size_t end = shown.find('\n'); end != std::string::npos; end = shown.find('\n', end + 1)) {
      shown.insert(end + 1, kIndent);
    }
    text += fmt::format("{}{}{}", look_of(piece.origin).colour, shown, kReset);
  }
  text += "\n\n" + staircase(pieces, columns) + "\n";
  for (const Look* look : looks_of(pieces)) {
    text += fmt::format("{}{}■ {}{} {}{}{} ", kIndent, look->colour, look->legend, kReset, kDim,
                        tokens_of(pieces, *look), kReset);
  }
  return text + fmt::format("\n{}{}{}{}\n\n", kIndent, kDim, cost_of(usage), kReset);
}

}  // namespace riposte::apps
