#!/usr/bin/env python3
"""The figures of bench_tokenizer_encode for the Hugging Face `tokenizers` package: same vocabularies, same text.

    python bench/bench_tokenizer_encode.py
"""

import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "reference"))

from hf_tokenizers import MODELS, load_model, model_path  # noqa: E402


def seconds_per_call(function, budget_s=1.0):
    """The fastest of many calls within about `budget_s`."""
    best, stop = float("inf"), time.perf_counter() + budget_s
    while time.perf_counter() < stop:
        start = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - start)
    return best


def main():
    data = ROOT / "bench" / "data"
    sentence = (data / "sentence.txt").read_text()
    page = (data / "page.txt").read_text()
    book = page * (1000000 // len(page.encode()) + 1)
    for name in MODELS:
        if not model_path(name).exists():
            print(f"{name}: not here")
            continue
        tokenizer = load_model(name)
        for what, text in (("sentence", sentence), ("page", page), ("book_1MB", book)):
            seconds = seconds_per_call(lambda: tokenizer.encode(text, add_special_tokens=False))
            tokens = len(tokenizer.encode(text, add_special_tokens=False).ids)
            rate = len(text.encode()) / seconds / 2**20
            print(f"{what + '/' + name:50} {seconds * 1e6:10.1f} us  {rate:8.2f} MiB/s  tokens={tokens}")


if __name__ == "__main__":
    main()
