"""The recipe in small, with the real base model: a few minutes of training, an adapter, and Riposte corrects with it."""

import difflib
import json
import os
import pathlib
import subprocess
import sys

import pytest
from conftest import NO_TORCH, ROOT, SENTENCES

MODEL = pathlib.Path(os.environ.get("RIPOSTE_HOME", os.path.expanduser("~/.cache/riposte"))) / "models/smollm2-135m-instruct-q4_1.gguf"
BINARY = ROOT / os.environ.get("RIPOSTE_BINARY", "build/release/riposte")
STEPS = 16  # so few sentences are learnt by heart in more
LEAST_LIKENESS = 0.6  # of an answer to a sentence with one slip: the base explains, repeats or refuses instead


@pytest.mark.skipif(not os.environ.get("RIPOSTE_FULL"), reason="a few minutes of training: only in `make test-full`")
def test_a_few_minutes_of_training_teach_corrections_that_the_server_gives(tmp_path):
    pytest.importorskip("torch", reason=NO_TORCH)
    for needed in (MODEL, BINARY):
        if not needed.exists():
            pytest.skip(f"{needed.name} is not there")
    from serving import riposte, served_names

    import evaluate

    lines = SENTENCES.read_text(encoding="utf-8").splitlines()
    (tmp_path / "targets.jsonl").write_text("\n".join(lines[4:]) + "\n")
    (tmp_path / "heldout.jsonl").write_text("\n".join(lines[:4]) + "\n")

    def call(script, *options):
        subprocess.run([sys.executable, str(ROOT / "specialist" / script), "--model", str(MODEL), *map(str, options)], check=True)

    def held_out(run, steps):
        call("train.py", "--data", tmp_path, "--run", tmp_path / run, "--steps", steps, "--decay", 8, "--warmup", 4,
             "--rate", 5e-4, "--batch-tokens", 300, "--average", 0.8)
        entries = [json.loads(line) for line in (tmp_path / run / "log.jsonl").read_text().splitlines()]
        return entries[-1]["held_out"]

    base, taught = held_out("untaught", 0), held_out("run", STEPS)
    assert taught < 0.7 * base, (taught, base)

    call("export.py", "--checkpoint", tmp_path / "run/checkpoint.pt", "--out", tmp_path / "grammar.gguf")
    call("export.py", "--checkpoint", tmp_path / "run/checkpoint.pt", "--out", tmp_path / "merged.gguf", "--merged")
    assert (tmp_path / "grammar.gguf").stat().st_size < 20e6
    with riposte(BINARY, tmp_path / "merged.gguf") as url:
        correct = evaluate.rewriter(url, served_names(url)[0], "grammar", tmp_path / "merged.gguf")
        for text in ("We took a long walk through the forest.", "He always drive carefully when his daughter is in the car."):
            answer = correct(text).strip()
            assert difflib.SequenceMatcher(None, text, answer).ratio() >= LEAST_LIKENESS, answer
