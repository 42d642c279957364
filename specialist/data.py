#!/usr/bin/env python3
"""Makes targets.jsonl: correct sentences with part-of-speech tags, from which training makes pairs with errors.

usage: data.py DATA OUT
  DATA holds ewt.tsv (genre, tab, sentence), wikisplit.tsv (sentence, tab, the same as two joined by <::::>) and
  valid.txt (WikiText-2), in it or in folders below it; README.md says where they come from. What is missing is skipped.
  OUT gets targets.jsonl, heldout.jsonl (never trained on) and noisy.txt (what a teacher may correct).
A line: {"words": [...], "tags": [...], "spaces": [...], "from": "ewt"}.
"""

import argparse
import collections
import json
import pathlib
import random
import sys

from clean import detokenise, looks_clean, reads_whole
from tagger import tagger_folder

HELD_OUT = 200
WIKI_MOST_WORDS = 28  # long encyclopaedic sentences cost much and teach little


def find(folder, name):
    found = sorted(pathlib.Path(folder).rglob(name))
    if not found:
        print(f"{folder} holds no {name}: going on without it", file=sys.stderr)
    return found[0].read_text(encoding="utf-8").splitlines() if found else []


def web_sentences(lines):
    return [line.split("\t", 1)[1].strip() for line in lines if "\t" in line]


def split_sentences(lines):
    """The two halves of each entry, apart and, now and then, together."""
    for number, line in enumerate(lines):
        halves = [detokenise(half) for half in line.split("\t")[-1].split("<::::>")]
        if len(halves) == 2 and number % 4 == 0:
            yield " ".join(halves)
        else:
            yield halves[number % len(halves)]


def wikitext_sentences(lines):
    for line in lines:
        if line.strip() and not line.strip().startswith("="):
            for sentence in line.replace(" ! ", " !\n").replace(" ? ", " ?\n").replace(" . ", " .\n").split("\n"):
                if "<unk>" not in sentence:
                    yield detokenise(sentence)


def candidates(folder):
    """(source, text) of everything that looks clean, and the web sentences that do not."""
    web = web_sentences(find(folder, "ewt.tsv"))
    clean = [("ewt", text) for text in web if looks_clean(text)]
    noisy = [text for text in web if not looks_clean(text)]
    for source, texts in (("wikisplit", split_sentences(find(folder, "wikisplit.tsv"))),
                          ("wikitext2", wikitext_sentences(find(folder, "valid.txt")))):
        clean += [(source, text) for text in texts if looks_clean(text) and len(text.split()) <= WIKI_MOST_WORDS]
    return clean, noisy


def tagged(pairs):
    """Lines of targets.jsonl for (source, text) pairs that read as whole sentences."""
    import spacy

    tagger = spacy.load(tagger_folder(), exclude=["parser", "ner", "lemmatizer", "senter"])
    for doc, source in tagger.pipe(((text, source) for source, text in pairs), as_tuples=True, batch_size=128):
        tags = [token.tag_ for token in doc]
        if reads_whole(tags):
            yield {"words": [token.text for token in doc], "tags": tags,
                   "spaces": [int(bool(token.whitespace_)) for token in doc], "from": source}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("out")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    out = pathlib.Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)

    clean, noisy = candidates(arguments.data)
    seen = set()
    clean = [(source, text) for source, text in clean if not (text in seen or seen.add(text))]
    if not clean:
        sys.exit(f"no usable sentences in {arguments.data}: see specialist/README.md for what belongs there")
    random.Random(arguments.seed).shuffle(clean)
    lines = list(tagged(clean))
    held_out = min(HELD_OUT, len(lines) // 10)
    for name, part in (("heldout.jsonl", lines[:held_out]), ("targets.jsonl", lines[held_out:])):
        (out / name).write_text("".join(json.dumps(line) + "\n" for line in part), encoding="utf-8")
    (out / "noisy.txt").write_text("".join(text + "\n" for text in noisy), encoding="utf-8")
    counts = collections.Counter(line["from"] for line in lines)
    print(f"{len(lines)} targets ({dict(counts)}), {held_out} of them held out; {len(noisy)} noisy sentences")


if __name__ == "__main__":
    main()
