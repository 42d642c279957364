// An answer as bytes, to be kept where others could have written.
//
// Little-endian: "RPA2"; SHA-256 of the request's key; reason u8; prompt tokens i32; output tokens i32; the
// text's length u32, the text; the number of log-probabilities u32, each a token i32, a logarithm f32, the
// number of alternatives u32 and those as token i32, logarithm f32; the number of values of an embedding u32, those as
// f32; XXH3 (64 bits) of all that.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "cache/shared_answers.h"

namespace riposte::cache {

using KeyHash = std::array<unsigned char, 32>;

KeyHash hash_of_key(std::string_view key);

std::string encode_answer(const KeyHash& key, const CachedAnswer& answer);
// Nothing unless every byte is what encode_answer would write for this key, with UTF-8, finite numbers and
// what is plausible.
std::optional<CachedAnswer> decode_answer(std::string_view bytes, const KeyHash& key,
                                          const Plausible& plausible);

}  // namespace riposte::cache
