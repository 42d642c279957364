#!/usr/bin/env python3
"""Writes tests/tokenizer/data/toy_*.gguf: small vocabularies trained on our own texts, one for each pre-tokeniser and two
of SentencePiece (with and without a space before the text), so that tests run without real models.

Training breaks ties at random: a new run gives other vocabularies, and then make_tokenizer_cases.py has to run too.
"""

import io
import json
import pathlib

import gguf
import sentencepiece
from tokenizers import pre_tokenizers, trainers

import hf_tokenizers
from tokenizer_texts import TEXTS

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = ROOT / "tokenizer" / "data"
CONTROL_TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
USER_DEFINED_TOKENS = ["<tool_call>", "</tool_call>"]
PIECES_OF_OUR_OWN = ["<b>", "</b>", "\n\n"]  # user-defined tokens of the SentencePiece vocabularies


def corpus():
    page = (ROOT.parent / "bench" / "data" / "page.txt").read_text(encoding="utf-8")
    return [line for line in page.splitlines() * 3 + TEXTS if line]


def writer(name, model, tokens, types):
    out = gguf.GGUFWriter(DATA / f"{name}.gguf", "llama")
    out.add_tokenizer_model(model)
    out.add_token_list(tokens)
    out.add_token_types(types)
    return out


def finish(out):
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


def make_byte_level(pre, size=600):
    tokenizer = hf_tokenizers.byte_level({}, [], pre)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(corpus(), trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet))
    model = json.loads(tokenizer.to_str())["model"]
    tokens = [t for t, _ in sorted(model["vocab"].items(), key=lambda item: item[1])]
    types = [gguf.TokenType.NORMAL] * len(tokens)
    tokens += CONTROL_TOKENS + USER_DEFINED_TOKENS
    types += [gguf.TokenType.CONTROL] * len(CONTROL_TOKENS) + [gguf.TokenType.USER_DEFINED] * len(USER_DEFINED_TOKENS)
    out = writer(f"toy_{pre.replace('-', '_')}", "gpt2", tokens, types)
    out.add_tokenizer_pre(pre)
    out.add_token_merges([" ".join(pair) for pair in model["merges"]])
    out.add_eos_token_id(tokens.index("<|im_end|>"))
    out.add_bos_token_id(tokens.index("<|endoftext|>"))
    out.add_add_bos_token(False)
    finish(out)


def type_of(model, i):
    if model.is_unknown(i):
        return gguf.TokenType.UNKNOWN
    if model.is_control(i):
        return gguf.TokenType.CONTROL
    if model.is_byte(i):
        return gguf.TokenType.BYTE
    if model.id_to_piece(i) in PIECES_OF_OUR_OWN:
        return gguf.TokenType.USER_DEFINED
    return gguf.TokenType.NORMAL


def make_sentence_pieces(size=900):
    trained = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus()),
        model_writer=trained,
        model_type="bpe",
        vocab_size=size,
        byte_fallback=True,
        character_coverage=0.98,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        user_defined_symbols=PIECES_OF_OUR_OWN,
        minloglevel=2,
    )
    model = sentencepiece.SentencePieceProcessor(model_proto=trained.getvalue())
    ids = range(model.get_piece_size())
    tokens = [model.id_to_piece(i) for i in ids]
    types = [type_of(model, i) for i in ids]
    for name, adds_space in (("toy_sentence_piece", True), ("toy_sentence_piece_no_prefix", False)):
        out = writer(name, "llama", tokens, types)
        out.add_token_scores([model.get_score(i) for i in ids])
        out.add_bos_token_id(1)
        out.add_eos_token_id(2)
        out.add_unk_token_id(0)
        out.add_add_space_prefix(adds_space)
        finish(out)


def main():
    DATA.mkdir(exist_ok=True)
    for pre in ("gpt-2", "smollm", "qwen2", "llama-bpe"):
        make_byte_level(pre)
    make_sentence_pieces()


if __name__ == "__main__":
    main()
