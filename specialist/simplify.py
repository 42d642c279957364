#!/usr/bin/env python3
"""Makes the data of an adapter that simplifies: a teacher's simplifications of long sentences, and WikiSplit's own.

usage: simplify.py --riposte build/release/riposte --model qwen --out FOLDER [--most N] DATA
  DATA  holds wikisplit.tsv, as for data.py
  OUT   gets targets.jsonl and heldout.jsonl for train.py: {"source", "target", "from": "teacher" or "wikisplit"}
Goes on where it stopped: what the teacher has said is in teacher.jsonl and teacher.done.
"""

import argparse
import difflib
import json
import pathlib
import random
import re

from clean import detokenise, looks_clean
from data import find
from serving import riposte
from teacher import collect, names, rewriter

HELD_OUT = 40
LEAST_WORDS, MOST_WORDS = 12, 36
LENGTHS = (0.4, 1.15)  # of an answer, in words of the source
MOST_LIKENESS, LEAST_LIKENESS = 0.97, 0.4  # of the words
_ABOUT_ITSELF = re.compile(r"\b(simplif|rewrit|plain English|twelve|the user)", re.IGNORECASE)


def numbers(text):
    return set(re.findall(r"\d+", text))


def words(text):
    return re.findall(r"[a-z']+|\d+", text.lower())


def is_simplification(source, answer):
    """Says no more than the source, in clean sentences, and not the same."""
    before, after = words(source), words(answer)
    low, high = LENGTHS
    likeness = difflib.SequenceMatcher(None, before, after, autojunk=False).ratio()
    return (
        bool(after) and looks_clean_text(answer)
        and not _ABOUT_ITSELF.search(answer)
        and numbers(answer) == numbers(source)
        and names(answer) <= set(before) and names(source) <= set(after)
        and low <= len(after) / len(before) <= high
        and LEAST_LIKENESS <= likeness <= MOST_LIKENESS
    )


def looks_clean_text(text):
    """Every sentence does, short ones too."""
    sentences = re.split(r"(?<=[.?!])\s+(?=[A-Z])", text)
    return all(len(sentence.split()) < 4 or looks_clean(sentence) for sentence in sentences)


def long_sentences(lines):
    """(source, its two halves as WikiSplit has them), of which the source is clean."""
    for line in lines:
        before, _, after = line.partition("\t")
        source, halves = detokenise(before), " ".join(detokenise(half) for half in after.split("<::::>"))
        if LEAST_WORDS <= len(source.split()) <= MOST_WORDS and looks_clean(source):
            yield source, halves


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--riposte", required=True, help="the program, which is started with the teacher as its model")
    parser.add_argument("--model", default="qwen")
    parser.add_argument("--out", required=True)
    parser.add_argument("--most", type=int, default=2000, help="sentences that the teacher is asked about")
    parser.add_argument("--parallel", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    out = pathlib.Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)

    found = list(long_sentences(find(arguments.data, "wikisplit.tsv")))
    random.Random(arguments.seed).shuffle(found)
    asked, rest = found[:arguments.most], found[arguments.most:]
    with riposte(arguments.riposte, arguments.model) as url:
        collect([source for source, _ in asked], rewriter(url, "simplify", arguments.parallel), is_simplification, out / "teacher.jsonl")
    lines = [json.loads(line) for line in (out / "teacher.jsonl").read_text(encoding="utf-8").splitlines()]
    lines += [{"source": source, "target": halves, "from": "wikisplit"}
              for source, halves in rest if is_simplification(source, halves)]
    random.Random(arguments.seed).shuffle(lines)
    for name, part in (("heldout.jsonl", lines[:HELD_OUT]), ("targets.jsonl", lines[HELD_OUT:])):
        (out / name).write_text("".join(json.dumps(line) + "\n" for line in part), encoding="utf-8")
    print(f"{len(lines)} pairs, {sum(line['from'] == 'teacher' for line in lines)} of them the teacher's")


if __name__ == "__main__":
    main()
