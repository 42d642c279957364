#!/usr/bin/env python3
"""Lets a model write what learners write about: more correct sentences to be broken, of a kind that corpora are short of.

usage: essays.py --riposte build/release/riposte --model smollm2 --out FOLDER [--rounds N]
Asks for a text of each form about each line of topics.txt, splits it into sentences and keeps those that clean.py passes
in essays.txt, which data.py then reads. What the sentences claim does not matter: only their grammar is taught.
"""

import argparse
import concurrent.futures
import pathlib
import re

from clean import looks_clean
from serving import post, riposte, served_names

FORMS = (
    "Write a short essay of a student for an exam in simple words about {}. Give reasons and examples.",
    "Write a personal letter in simple words to a friend about {}.",
    "Write an opinion in one paragraph about {}. Begin with 'In my opinion'.",
)
LONGEST = 260  # tokens of a text
MOST_WORDS = 32


def sentences(text):
    for part in re.split(r"(?<=[.?!])\s+", text.replace("’", "'")):
        if looks_clean(part) and len(part.split()) <= MOST_WORDS:
            yield part


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--riposte", required=True)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--out", required=True)
    parser.add_argument("--rounds", type=int, default=1, help="texts about each topic and form")
    parser.add_argument("--parallel", type=int, default=16)
    arguments = parser.parse_args()
    topics = pathlib.Path(__file__).with_name("topics.txt").read_text(encoding="utf-8").splitlines()
    # Forms in turn, so that a run that is cut short has some of everything.
    wanted = [(form.format(topic), number) for number in range(arguments.rounds) for form in FORMS for topic in topics]
    found = {}
    with riposte(arguments.riposte, arguments.model) as url, concurrent.futures.ThreadPoolExecutor(arguments.parallel) as pool:
        name = served_names(url)[0]

        def write(order):
            instruction, seed = order
            body = {"model": name, "messages": [{"role": "user", "content": instruction}], "temperature": 0.7, "top_p": 0.9,
                    "seed": seed, "max_tokens": LONGEST}
            return post(f"{url}/v1/chat/completions", body)["choices"][0]["message"]["content"]

        path = pathlib.Path(arguments.out) / "essays.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        for text in pool.map(write, wanted):
            found.update(dict.fromkeys(sentences(text)))
        path.write_text("".join(sentence + "\n" for sentence in found), encoding="utf-8")
    print(f"{len(found)} sentences of {len(wanted)} texts in {path}")


if __name__ == "__main__":
    main()
