#include "constraint/literals.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <set>
#include <utility>

#include "constraint/utf8_text.h"

namespace riposte::constraint {
namespace {

namespace json = boost::json;

void write(const json::value& value, std::string& out) {
  switch (value.kind()) {
    case json::kind::double_:
      out += fmt::format("{}", value.get_double());  // the shortest that reads as the same
      break;
    case json::kind::array: {
      char between = '[';
      for (const json::value& item : value.get_array()) {
        out += std::exchange(between, ',');
        write(item, out);
      }
      out += between == '[' ? "[]" : "]";
      break;
    }
    case json::kind::object: {
      char between = '{';
      for (const auto& member : value.get_object()) {
        out += std::exchange(between, ',');
        out += json::serialize(member.key()) + ":";
        write(member.value(), out);
      }
      out += between == '{' ? "{}" : "}";
      break;
    }
    default:
      out += json::serialize(value);
  }
}

}  // namespace

std::string written(const json::value& value) {
  std::string out;
  write(value, out);
  return out;
}

void Literals::add(std::string_view bytes) {
  StateId at = from_;
  for (size_t i = 0; i + 1 < bytes.size(); ++i) {
    const auto [step, is_new] = steps_.try_emplace({at, bytes[i]}, kNoState);
    if (is_new) {
      step->second = builder_.state();
      builder_.byte(at, bytes[i], step->second);
    }
    at = step->second;
  }
  builder_.byte(at, bytes.back(), to_);
}

void add_other_name(GrammarBuilder& builder, StateId from, std::span<const std::string> names, StateId to) {
  const StateId root = builder.state(), other = builder.state();
  builder.byte(from, '"', root);
  builder.text(other, other);
  builder.byte(other, '"', to);
  // The names as a tree of states; a name ends with the quote behind it.
  std::map<StateId, std::map<uint8_t, StateId>> tree;
  std::set<StateId> inside_character;
  tree[root];
  for (const std::string& name : names) {
    const std::string quoted = written(json::string(name));
    StateId at = root;
    size_t escape_end = 0;
    for (size_t i = 1; i + 1 < quoted.size(); ++i) {
      const auto byte = static_cast<uint8_t>(quoted[i]);
      const auto [step, is_new] = tree[at].try_emplace(byte, kNoState);
      if (is_new) {
        step->second = builder.state();
        builder.byte(at, byte, byte, step->second);
      }
      at = step->second;
      if (byte == '\\' && i >= escape_end) escape_end = i + (quoted[i + 1] == 'u' ? 6 : 2);
      const bool continues = (static_cast<uint8_t>(quoted[i + 1]) & 0xC0) == 0x80;
      if (continues || i + 1 < escape_end) inside_character.insert(at);
    }
    tree[at].try_emplace(static_cast<uint8_t>('"'), kNoState);  // taken
  }
  for (const auto& [state, taken] : tree) {
    if (inside_character.contains(state)) continue;
    for (int byte = 0; byte < 256; ++byte) {
      const auto kind = kTextBytes[static_cast<size_t>(byte)];
      const auto first = static_cast<uint8_t>(byte);
      if (taken.contains(first)) continue;
      if (byte == '"') {
        builder.byte(state, first, first, to);
      } else if (kind == kPlainByte) {
        builder.byte(state, first, first, other);
      } else if (kind != kNoCharacter && kind != kEscape) {
        const StateId lead = builder.state();
        builder.byte(state, first, first, lead);
        builder.call(lead, kind, other);
      }
    }
  }
}

}  // namespace riposte::constraint
