#!/usr/bin/env python3
"""Lets a larger model, served by Riposte, correct real sentences; what passes the filters is added to the training data.

usage: teacher.py --riposte build/release/riposte --model qwen --data FOLDER [--most N] [--parallel N]
Reads noisy.txt in the data folder (data.py writes it), asks /v1/rewrite for its grammar preset and appends to
teacher.jsonl: {"source", "target", "from": "teacher"}. Goes on where it stopped: teacher.done counts the sentences asked.
"""

import argparse
import concurrent.futures
import difflib
import json
import pathlib
import random
import re

from clean import looks_clean
from serving import rewritten, riposte, served_names

UNCHANGED_KEPT = 0.3  # of the sentences that the teacher leaves alone
LEAST_LIKENESS = 0.75  # of the letters
BLOCK = 64  # sentences between two savings
LENGTHS = (0.75, 1.35)
_LINK = re.compile(r"\S*(?:https?:|www\.|@|\.com\b|\.org\b)\S*")


def worth_asking(text):
    """Sentences of people, not headers, addresses or lists."""
    words = text.split()
    return (5 <= len(words) <= 40 and text.isascii() and not _LINK.search(text)
            and sum(word.strip(".,!?'\"").isalpha() for word in words) >= 0.8 * len(words)
            and sum(word.isupper() and len(word) > 1 for word in words) < 0.3 * len(words))


def names(text):
    """Words with a capital that do not begin a sentence."""
    return {word.lower() for word in re.findall(r"(?<![.?!\"] )(?<!^)\b[A-Z][a-z]+\b", text)}


def survives(source, answer):
    """The answer says the same: numbers, names, length and most of the words are there."""
    low, high = LENGTHS
    words = set(re.findall(r"[a-z]+", answer.lower()))
    return (
        looks_clean(answer)
        and sorted(re.findall(r"\d+", source)) == sorted(re.findall(r"\d+", answer))
        and names(source) <= words
        and low <= len(answer.split()) / len(source.split()) <= high
        and difflib.SequenceMatcher(None, source.lower(), answer.lower(), autojunk=False).ratio() >= LEAST_LIKENESS
    )


def kept(source, answer, rng):
    return survives(source, answer) and (source != answer or rng.random() < UNCHANGED_KEPT)


def rewriter(url, preset, parallel):
    """A function from texts to pairs (text, the teacher's answer), in order. `url`: a server's; `preset`: one of Riposte's."""
    name = served_names(url)[0]
    pool = concurrent.futures.ThreadPoolExecutor(parallel)

    def ask(text):
        return text, rewritten(url, name, text, preset).strip()

    return lambda texts: list(pool.map(ask, texts))


def collect(texts, ask, keep, path):
    """Appends {"source", "target", "from": "teacher"} to `path` for answers of `ask` that `keep` accepts. Goes on where an earlier call
    stopped: a .done file beside `path` counts the texts asked."""
    done_path = path.with_suffix(".done")
    done = int(done_path.read_text()) if done_path.exists() else 0
    added = 0
    for first in range(done, len(texts), BLOCK):
        block = texts[first:first + BLOCK]
        pairs = [(text, answer) for text, answer in ask(block) if keep(text, answer)]
        with open(path, "a", encoding="utf-8") as file:
            file.writelines(json.dumps({"source": text, "target": answer, "from": "teacher"}) + "\n" for text, answer in pairs)
        asked, added = first + len(block), added + len(pairs)
        done_path.write_text(str(asked))
        print(f"{asked} of {len(texts)} asked, {added} of {asked - done} kept", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--riposte", required=True, help="the program, which is started with the teacher as its model")
    parser.add_argument("--model", default="qwen")
    parser.add_argument("--data", required=True)
    parser.add_argument("--most", type=int, default=3000, help="sentences asked, all calls together")
    parser.add_argument("--parallel", type=int, default=8)
    arguments = parser.parse_args()
    data, rng = pathlib.Path(arguments.data), random.Random(1)
    texts = [text for text in (data / "noisy.txt").read_text(encoding="utf-8").splitlines() if worth_asking(text)]
    with riposte(arguments.riposte, arguments.model) as url:
        collect(texts[:arguments.most], rewriter(url, "grammar", arguments.parallel),
                lambda text, answer: kept(text, answer, rng), data / "teacher.jsonl")


if __name__ == "__main__":
    main()
