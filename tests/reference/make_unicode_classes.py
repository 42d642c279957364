#!/usr/bin/env python3
"""Writes src/tokenizer/unicode_ranges.inc: what the Hugging Face `tokenizers` package takes for a letter, a number and
a space, asked of the package itself for every code point, so that our pre-tokenisers split exactly where it does.

    python make_unicode_classes.py > ../../src/tokenizer/unicode_ranges.inc
"""

import unicodedata

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

LETTER, NUMBER, SPACE, DIGIT, COMPOSING = 1, 2, 4, 8, 16
# Marks of Unicode 15, which the normaliser of `tokenizers` does not know, but ours does.
NEWER_MARKS = [0x10EFD, 0x10EFE, 0x10EFF, 0x11F41, 0x11F42, 0x1E08F, 0x1E4EC, 0x1E4ED, 0x1E4EE, 0x1E4EF]
SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def matching(pattern):
    """The code points that `pattern` matches."""
    split = pre_tokenizers.Split(Regex(pattern), "removed")
    found = set()
    for start in range(0, len(SCALARS), 4096):
        block = SCALARS[start : start + 4096]
        kept = set()
        for _, (begin, end) in split.pre_tokenize_str("".join(map(chr, block))):
            kept.update(range(begin, end))
        found.update(c for i, c in enumerate(block) if i not in kept)
    return found


def digits():
    """What the Digits pre-tokeniser isolates; its Unicode version is not that of the regular expressions."""
    split = pre_tokenizers.Digits(individual_digits=True)
    return {c for c in SCALARS if len(split.pre_tokenize_str(chr(c) + "a")) == 2 and chr(c) != " "}


def composing():
    """Code points that may make a text differ from its NFC form; all others leave any text as it is."""
    nfc = normalizers.NFC().normalize_str
    # With the vowels and finals of Hangul syllables.
    found = set(NEWER_MARKS) | set(range(0x1161, 0x1176)) | set(range(0x11A8, 0x11C3))
    for c in SCALARS:
        char = chr(c)
        # U+0334 has combining class 1, the lowest; U+0315 a high one: a mark changes places with one of them.
        reordered = nfc("x" + char + "\u0334") != "x" + char + "\u0334" or nfc("x\u0315" + char) != "x\u0315" + char
        if nfc(char) != char or reordered or unicodedata.combining(char):
            found.add(c)
        parts = unicodedata.decomposition(char).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            found.add(int(parts[1], 16))
    return found


def main():
    sets = [
        (LETTER, matching(r"\p{L}")),
        (NUMBER, matching(r"\p{N}")),
        (SPACE, matching(r"\s")),
        (DIGIT, digits()),
        (COMPOSING, composing()),
    ]
    classes = [0] * 0x110000
    for bit, members in sets:
        for c in members:
            classes[c] |= bit
    print(f"// Made by tests/reference/make_unicode_classes.py with tokenizers {tokenizers.__version__}. Do not edit.")
    print("// {first, last, classes}: the bits are those of UnicodeClass; what is not listed has none.")
    line, start = "", 0
    for c in range(1, 0x110001):
        if c < 0x110000 and classes[c] == classes[start]:
            continue
        if classes[start]:
            entry = f"{{{start:#x},{c - 1:#x},{classes[start]}}},"
            if len(line) + len(entry) > 110:
                print(line)
                line = ""
            line += entry
        start = c
    print(line)


if __name__ == "__main__":
    main()
