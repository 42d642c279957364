// Unicode normal form C, for the models whose tokeniser was trained on it (Qwen).
#pragma once

#include <string>
#include <string_view>

namespace riposte::tokenizer {

// `text` in NFC (Unicode Standard Annex 15). Bytes that are not UTF-8 are kept and part what stands around
// them. Returns `text` itself, without allocating, where it is clear at a glance that nothing changes;
// otherwise a view of `storage`.
std::string_view to_nfc(std::string_view text, std::string& storage);

}  // namespace riposte::tokenizer
