#!/usr/bin/env python3
"""GLEU on sentences with several human corrections (JFLEG), or SARI on sentences with several human simplifications (ASSET), of a
model that a Riposte server holds.

usage: evaluate.py --riposte build/release/riposte --model MODEL [--merged] --jfleg FOLDER [--first N] ...
  --model  a name of the catalogue or a .gguf file; with --merged, one that export.py --merged has written: it gets the
           prompt of the adapter instead of the preset's instruction
  --jfleg  SPLIT.src and SPLIT.ref0, .ref1 ...: a tokenised sentence on each line; for measuring only, never for training
  --asset  asset.valid.orig and asset.valid.simp.0 ...: the same for simplification, in normal spacing
  --text   normal: "word." as people type it (default); tokenised: "word ." as JFLEG has it
Prints GLEU of the answers, of the copied source and of the first human against the others.
"""

import argparse
import concurrent.futures
import pathlib

from clean import detokenise
from gleu import gleu, tokenise
from sari import sari
from serving import post, rewritten, riposte, served_names


def rewriter(url, name, preset, merged, edit_confidence=None):
    """A function from a text to what becomes of it. `merged`: the merged model's file, None where the server knows the preset."""
    if merged is None:
        options = {} if edit_confidence is None else {"edit_confidence": edit_confidence}

        def rewrite(text):
            return rewritten(url, name, text, preset, **options)
        return rewrite
    from pairs import Encoder

    encoder = Encoder(merged)

    def complete(text):
        prompt = encoder.prompt(text)
        body = {"model": name, "prompt": prompt, "temperature": 0, "max_tokens": 2 * len(prompt)}
        return post(f"{url}/v1/completions", body)["choices"][0]["text"]
    return complete


def read(path, first):
    return [line.split() for line in path.read_text(encoding="utf-8").splitlines()][:first]


def distance(a, b):
    """Levenshtein's, of words."""
    before = list(range(len(b) + 1))
    for i, word in enumerate(a, 1):
        now = [i]
        for j, other in enumerate(b, 1):
            now.append(min(before[j] + 1, now[-1] + 1, before[j - 1] + (word != other)))
        before = now
    return before[-1]


def better_and_worse(sources, outputs, references):
    """How many answers are nearer to the nearest human correction than the source is, and how many are further from it."""
    better = worse = 0
    for source, output, *humans in zip(sources, outputs, *references):
        change = min(distance(output, human) for human in humans) - min(distance(source, human) for human in humans)
        better, worse = better + (change < 0), worse + (change > 0)
    return better, worse


def answers_of(arguments, texts, preset):
    with riposte(arguments.riposte, arguments.model, *arguments.options.split()) as url:
        rewrite = rewriter(url, arguments.served_name or served_names(url)[0], preset, arguments.model if arguments.merged else None,
                           arguments.edit_confidence)
        with concurrent.futures.ThreadPoolExecutor(arguments.parallel) as pool:
            answers = [" ".join(answer.split()) for answer in pool.map(rewrite, texts)]
    if arguments.out:
        pathlib.Path(arguments.out).write_text("".join(answer + "\n" for answer in answers), encoding="utf-8")
    return answers


def measure_corrections(arguments):
    folder = pathlib.Path(arguments.jfleg)
    sources = read(folder / f"{arguments.split}.src", arguments.first)
    references = [read(path, arguments.first) for path in sorted(folder.glob(f"{arguments.split}.ref*"))]
    texts = [" ".join(tokens) for tokens in sources]
    if arguments.text == "normal":
        texts = [detokenise(text) for text in texts]
    answers = answers_of(arguments, texts, "grammar")
    outputs = [tokenise(answer) for answer in answers]
    unchanged = sum(answer.split() == text.split() for answer, text in zip(answers, texts))
    print(f"{len(sources)} sentences: GLEU {gleu(sources, outputs, references):.2f}, copied source "
          f"{gleu(sources, sources, references):.2f}, one human {gleu(sources, references[0], references[1:]):.2f}; "
          f"{unchanged} unchanged")
    better, worse = better_and_worse(sources, outputs, references)
    print(f"{better / len(sources):.0%} made better, {worse / len(sources):.0%} made worse")
    if arguments.edits:
        from edits import edit_counts

        counts = edit_counts(sources, outputs, references)
        print(f"edits: precision {counts.precision:.3f}, recall {counts.recall:.3f}, F0.5 {counts.f_half:.3f}")


def measure_simplifications(arguments):
    folder = pathlib.Path(arguments.asset)
    texts = [" ".join(words) for words in read(folder / "asset.valid.orig", arguments.first)]
    references = [read(path, arguments.first) for path in sorted(folder.glob("asset.valid.simp.*"))]
    answers = answers_of(arguments, texts, "simplify")

    def lowered(lines):
        return [tokenise((line if isinstance(line, str) else " ".join(line)).lower()) for line in lines]

    sources, outputs, references = lowered(texts), lowered(answers), [lowered(lines) for lines in references]
    unchanged = sum(answer == text for answer, text in zip(answers, texts))
    print(f"{len(texts)} sentences: SARI {sari(sources, outputs, references):.2f}, copied source {sari(sources, sources, references):.2f}, "
          f"one human {sari(sources, references[0], references[1:]):.2f}; {unchanged} unchanged, "
          f"{sum(map(len, outputs)) / sum(map(len, sources)):.2f} times as long")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--riposte", required=True, help="the program, which is started with the model")
    parser.add_argument("--model", required=True)
    parser.add_argument("--options", default="", help="further options of `riposte serve`, separated by spaces")
    parser.add_argument("--served-name", help="which of the served models is asked (default: the first)")
    parser.add_argument("--merged", action="store_true")
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("--jfleg")
    task.add_argument("--asset")
    parser.add_argument("--split", default="dev", help="of JFLEG")
    parser.add_argument("--first", type=int)
    parser.add_argument("--text", choices=("normal", "tokenised"), default="normal", help="of JFLEG")
    parser.add_argument("--parallel", type=int, default=4)
    parser.add_argument("--edits", action="store_true", help="precision and recall of edits, too, as ERRANT sees them (JFLEG)")
    parser.add_argument("--edit-confidence", type=float, help="how sure an edit must be (docs/adapters.md)")
    parser.add_argument("--out", help="the answers, one a line")
    arguments = parser.parse_args()
    if arguments.asset:
        measure_simplifications(arguments)
    else:
        measure_corrections(arguments)


if __name__ == "__main__":
    main()
