// What a code point is to a pre-tokeniser: letter, number, space. The answers are those of the Hugging Face
// `tokenizers` package (see tests/reference/make_unicode_classes.py), so that both split a text at the same
// places.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace riposte::tokenizer {

enum UnicodeClass : uint8_t {
  kLetter = 1,     // \p{L}
  kNumber = 2,     // \p{N}
  kSpace = 4,      // \s
  kDigit = 8,      // what the "individual digits" pre-tokeniser isolates: \p{N} of a newer Unicode
  kComposing = 16  // may make a text differ from its NFC form
};

// Two steps from code point to bits. Thread-safe: it never changes once made.
class UnicodeClasses {
 public:
  static const UnicodeClasses& get();

  // Bits of UnicodeClass. `code_point` is at most 0x10FFFF.
  uint8_t operator[](char32_t code_point) const {
    return blocks_[block_of_[code_point / kBlockSize] * kBlockSize + code_point % kBlockSize];
  }

 private:
  static constexpr size_t kBlockSize = 256;

  UnicodeClasses();

  std::array<uint16_t, 0x110000 / kBlockSize> block_of_;
  std::vector<uint8_t> blocks_;  // kBlockSize entries each; blocks that are equal are stored once
};

}  // namespace riposte::tokenizer
