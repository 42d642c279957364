#!/usr/bin/env python3
"""Writes tests/tokenizer/data: the ids that the Hugging Face `tokenizers` package gives for our own texts, on the real
models and on the toy vocabularies of make_toy_vocabularies.py, and where its pre-tokenisers split.

    python make_tokenizer_cases.py        needs the models in RIPOSTE_HOME (default ~/.cache/riposte)

<name>.jsonl: {"text": string, "ids": [int], "parse_special": true (only where control tokens are matched)}
pre_tokens.jsonl: {"pre": string, "text": string, "ends": [one past the last byte of each pre-token]}
nfc.jsonl: {"text": string, "nfc": string}, from Python's unicodedata
"""

import json
import pathlib
import unicodedata

import hf_tokenizers
from tokenizer_texts import SPECIAL_TEXTS, TEXTS, mixtures

DATA = pathlib.Path(__file__).resolve().parent.parent / "tokenizer" / "data"


def write(name, rows):
    with open(DATA / name, "w", encoding="utf-8", newline="\n") as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=True, separators=(",", ":")) + "\n")


def token_rows(path, texts):
    plain = hf_tokenizers.load(path)
    special = hf_tokenizers.load(path, parse_special=True)
    for text in texts:
        yield {"text": text, "ids": plain.encode(text, add_special_tokens=False).ids}
    for text in SPECIAL_TEXTS:
        ids = special.encode(text, add_special_tokens=False).ids
        yield {"text": text, "ids": ids, "parse_special": True}


def pre_token_rows():
    for pre in ("gpt-2", "smollm", "qwen2", "llama-bpe"):
        splitter = hf_tokenizers.splitter(pre)
        for text in TEXTS + mixtures(150, seed=f"pre {pre}"):
            pieces = splitter.pre_tokenize_str(text)
            ends = [len(text[:end].encode()) for _, (_, end) in pieces]
            yield {"pre": pre, "text": text, "ends": ends}


def nfc_rows():
    for text in TEXTS + mixtures(100, seed="nfc", longest=24):
        yield {"text": text, "nfc": unicodedata.normalize("NFC", text)}


def main():
    for name in hf_tokenizers.MODELS:
        write(f"{name}.jsonl", token_rows(hf_tokenizers.model_path(name), TEXTS + mixtures(60, seed=name)))
    for path in sorted(DATA.glob("toy_*.gguf")):
        write(f"{path.stem}.jsonl", token_rows(path, TEXTS[:45] + mixtures(60, seed=path.stem, longest=10)))
    write("pre_tokens.jsonl", pre_token_rows())
    write("nfc.jsonl", nfc_rows())


if __name__ == "__main__":
    main()
