#!/usr/bin/env python3
"""GLEU on sentences with several human corrections (JFLEG), of a model that a Riposte server holds.

usage: evaluate.py --url http://127.0.0.1:8080 --model NAME --jfleg FOLDER [--split dev] [--first N] [--raw BASE.gguf]
  --jfleg  SPLIT.src and SPLIT.ref0, .ref1 ...: a tokenised sentence on each line; for measuring only, never for training
  --raw    the model is the merged one: it gets the adapter's prompt as token ids of this vocabulary; without it, the
           grammar preset of the server is asked
  --text   normal: "word." as people type it (default); tokenised: "word ." as JFLEG has it
Prints GLEU of the answers, of the copied source and of the first human against the others.
"""

import argparse
import concurrent.futures
import json
import pathlib
import urllib.error
import urllib.request

from clean import detokenise
from gleu import gleu, tokenise


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=600) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{url}: {error.code} {error.read().decode(errors='replace')}") from None


def corrector(arguments):
    """A function from a text to its correction."""
    if not arguments.raw:
        def ask(text):
            return post(f"{arguments.url}/v1/rewrite", {"model": arguments.model, "text": text, "preset": "grammar",
                                                        "split": "none"})["text"]
        return ask
    from pairs import Encoder

    encoder = Encoder(arguments.raw)

    def complete(text):
        prompt = encoder.prompt(text)
        body = {"model": arguments.model, "prompt": prompt, "temperature": 0, "max_tokens": 2 * len(prompt)}
        return post(f"{arguments.url}/v1/completions", body)["choices"][0]["text"]
    return complete


def read(path, first):
    return [line.split() for line in path.read_text(encoding="utf-8").splitlines()][:first]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--model", required=True)
    parser.add_argument("--jfleg", required=True)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--first", type=int)
    parser.add_argument("--raw")
    parser.add_argument("--text", choices=("normal", "tokenised"), default="normal")
    parser.add_argument("--parallel", type=int, default=4)
    parser.add_argument("--out", help="the answers, one a line")
    arguments = parser.parse_args()

    folder = pathlib.Path(arguments.jfleg)
    sources = read(folder / f"{arguments.split}.src", arguments.first)
    references = [read(path, arguments.first) for path in sorted(folder.glob(f"{arguments.split}.ref*"))]
    texts = [" ".join(tokens) for tokens in sources]
    if arguments.text == "normal":
        texts = [detokenise(text) for text in texts]
    with concurrent.futures.ThreadPoolExecutor(arguments.parallel) as pool:
        answers = [" ".join(answer.split()) for answer in pool.map(corrector(arguments), texts)]
    if arguments.out:
        pathlib.Path(arguments.out).write_text("".join(answer + "\n" for answer in answers), encoding="utf-8")
    outputs = [tokenise(answer) for answer in answers]
    unchanged = sum(answer.split() == text.split() for answer, text in zip(answers, texts))
    print(f"{len(sources)} sentences: GLEU {gleu(sources, outputs, references):.2f}, copied source "
          f"{gleu(sources, sources, references):.2f}, one human {gleu(sources, references[0], references[1:]):.2f}; "
          f"{unchanged} unchanged")


if __name__ == "__main__":
    main()
