"""Endless pairs (text with errors, correct text), always the same for the same seed, and batches of them."""

import difflib
import json
import pathlib
import random
import sys

import torch
from errors import Rates, Sentence, corrupt

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "tests/reference"))
import hf_tokenizers  # noqa: E402  (the repository's own reading of a GGUF vocabulary)

PROMPT = "<|im_start|>user\n{text}<|im_end|>"
END = "<|im_end|>"


class Encoder:
    """Texts to ids, as Riposte does it: control tokens only where the prompt itself writes them."""

    def __init__(self, model_path):
        with_control = hf_tokenizers.load(model_path, parse_special=True)
        self.plain = hf_tokenizers.load(model_path)
        before, after = PROMPT.split("{text}")
        self.before, self.after = (with_control.encode(part).ids for part in (before, after))
        self.end = with_control.encode(END).ids
        if len(self.end) != 1:
            raise ValueError(f"{model_path}: {END} is not one token of its vocabulary")

    def prompt(self, text):
        return self.before + self.plain.encode(text).ids + self.after

    def pair(self, source, target):
        """(ids, number of them that are the prompt, which of the rest are edits)"""
        before, after = (self.plain.encode(text).ids for text in (source, target))
        prompt, answer = self.before + before + self.after, after + self.end
        return prompt + answer, len(prompt), edited(before + self.end, answer)


def read_lines(path):
    return [json.loads(line) for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines()]


class Pairs:
    """Chunk n: `size` encoded pairs, a function of the seed and n alone; each round over the lines has fresh errors.

    A line either has words, tags and spaces (errors are made) or source and target (a teacher's correction). `weights`
    repeats lines by their "from": 2 means twice in each round, 0.5 in every second.
    """

    def __init__(self, lines, encoder, seed, size=128, weights=None, rates=None, most_tokens=160):
        self.encoder, self.seed, self.size, self.most_tokens = encoder, seed, size, most_tokens
        self.rates = rates or Rates.read()
        self.lines, self.weights = lines, weights or {}

    def _round(self, number):
        rng = random.Random(f"{self.seed} round {number}")
        chosen = []
        for line in self.lines:
            weight = self.weights.get(line["from"], 1.0)
            chosen += [line] * (int(weight) + (rng.random() < weight % 1))
        rng.shuffle(chosen)
        return chosen

    def chunks(self, start=0):
        number, passed = 0, 0
        while True:
            lines = self._round(number)
            for first in range(0, len(lines), self.size):
                if passed >= start:
                    rng = random.Random(f"{self.seed} chunk {passed}")
                    pairs = [self.encoder.pair(*self.pair(line, rng)) for line in lines[first:first + self.size]]
                    yield passed, [pair for pair in pairs if len(pair[0]) <= self.most_tokens]
                passed += 1
            number += 1

    def pair(self, line, rng):
        """(source, target) as texts"""
        if "source" in line:
            return line["source"], line["target"]
        sentence = Sentence.of(line["words"], line["tags"], line["spaces"])
        source, _ = corrupt(sentence, rng, self.rates)
        return source, sentence.text()


def batches(pairs, most_tokens):
    """Pairs of like length together, padded to at most so many tokens, short ones first."""
    pairs, result, batch = sorted(pairs, key=lambda pair: len(pair[0])), [], []
    for pair in pairs:
        if batch and len(pair[0]) * (len(batch) + 1) > most_tokens:
            result.append(batch)
            batch = []
        batch.append(pair)
    if batch:
        result.append(batch)
    return result


def edited(source, target):
    """For each id of target, whether it is not simply copied: inserted, changed, or the first after something left out."""
    result = [False] * len(target)
    for what, _, _, first, last in difflib.SequenceMatcher(None, source, target, autojunk=False).get_opcodes():
        if what != "equal":
            result[first:max(last, first + 1)] = [True] * (max(last, first + 1) - first)
    return result[:len(target)]


def tensors(batch, edit_weight=1.0):
    """ids and weights of their losses, both [pairs, tokens], padded at the right; prompts weigh 0."""
    longest = max(len(ids) for ids, _, _ in batch)
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    weights = torch.zeros(len(batch), longest)
    for row, (pair, prompt, is_edit) in enumerate(batch):
        ids[row, :len(pair)] = torch.tensor(pair)
        weights[row, prompt:len(pair)] = 1.0 + (edit_weight - 1.0) * torch.tensor(is_edit, dtype=torch.float32)
    return ids, weights
