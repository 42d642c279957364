"""Hugging Face `tokenizers` built from what a GGUF file says: the independent opinion that our tokeniser is held to."""

import os
import pathlib

import gguf
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

MODELS = ["smollm2-135m-instruct-q4_1", "qwen2.5-coder-1.5b-instruct-q4_k_m", "gemma-3-270m-q4_k_m"]

UNKNOWN, CONTROL, USER_DEFINED, BYTE = 2, 3, 4, 6  # tokenizer.ggml.token_type

# The patterns in the tokenizer.json of Qwen 2 and Llama 3; they differ in how many digits stay together.
_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{digits}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_SPLITS = {"qwen2": _SPLIT.format(digits=""), "llama-bpe": _SPLIT.format(digits="{1,3}")}


def model_path(name):
    home = os.environ.get("RIPOSTE_HOME", os.path.expanduser("~/.cache/riposte"))
    return pathlib.Path(home) / "models" / f"{name}.gguf"


def splitter(pre):
    """The pre-tokeniser of that name without the writing of bytes as characters."""
    if pre in _SPLITS:
        return pre_tokenizers.Split(Regex(_SPLITS[pre]), "isolated")
    gpt2 = pre_tokenizers.Split(
        Regex(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"), "isolated"
    )
    if pre == "smollm":
        return pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), gpt2])
    return gpt2


def byte_level(vocabulary, merges, pre):
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, ignore_merges=pre == "llama-bpe"))
    if pre == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    if pre in _SPLITS:
        steps = [splitter(pre), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
    elif pre == "smollm":
        digits = pre_tokenizers.Digits(individual_digits=True)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def sentence_piece(tokens, scores, types, adds_space):
    vocabulary = {token: i for i, token in enumerate(tokens)}
    text = {t: i for t, i in vocabulary.items() if types[i] not in (UNKNOWN, CONTROL, BYTE)}
    merges = []
    for token, i in text.items():
        for cut in range(1, len(token)):
            if token[:cut] in text and token[cut:] in text:
                merges.append((scores[i], token[:cut], token[cut:]))
    merges.sort(key=lambda merge: -merge[0])
    unknown = next(t for i, t in enumerate(tokens) if types[i] == UNKNOWN or t == "<unk>")
    pairs = [(left, right) for _, left, right in merges]
    model = models.BPE(vocabulary, pairs, unk_token=unknown, fuse_unk=True, byte_fallback=True)
    tokenizer = Tokenizer(model)
    steps = [normalizers.Prepend("\u2581")] if adds_space else []
    tokenizer.normalizer = normalizers.Sequence(steps + [normalizers.Replace(" ", "\u2581")])
    return tokenizer


def load(path, parse_special=False):
    """The tokenizer of a GGUF file. With `parse_special`, control tokens written out in a text are matched."""
    fields = gguf.GGUFReader(path).fields

    def value(key, otherwise=None):
        return fields["tokenizer.ggml." + key].contents() if "tokenizer.ggml." + key in fields else otherwise

    tokens, types = value("tokens"), value("token_type")
    if value("model") == "llama":
        tokenizer = sentence_piece(tokens, value("scores"), types, value("add_space_prefix", True))
    else:
        vocabulary = {token: i for i, token in enumerate(tokens)}
        merges = [tuple(merge.split(" ")) for merge in value("merges")]
        tokenizer = byte_level(vocabulary, merges, value("pre"))
    matched = (USER_DEFINED, CONTROL, UNKNOWN) if parse_special else (USER_DEFINED,)
    added = [AddedToken(t, normalized=False, special=False) for i, t in enumerate(tokens) if types[i] in matched]
    tokenizer.add_tokens(added)
    return tokenizer


def load_model(name):
    return load(model_path(name))
