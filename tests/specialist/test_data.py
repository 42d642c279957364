"""From files of texts to targets with tags."""

import json
import subprocess
import sys

import pytest
from conftest import ROOT

pytest.importorskip("spacy", reason="spaCy is not installed: specialist/requirements.txt has it")
pytest.importorskip("wordfreq", reason="wordfreq is not installed: specialist/requirements.txt has it")


def make(data, out):
    return subprocess.run([sys.executable, ROOT / "specialist/data.py", data, out], capture_output=True, text=True)


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_each_source_becomes_tagged_sentences_and_slips_go_to_the_teacher(tmp_path):
    (tmp_path / "ewt.tsv").write_text("email\tWe met our friends at the station.\nemail\tthx for ur mail , i liked it\n")
    (tmp_path / "wikisplit.tsv").write_text("A .\tThe house was built in 1900 . <::::> It did n't burn .\n")
    (tmp_path / "valid.txt").write_text(" = Title = \n \n The village lies on a hill . It has <unk> people . \n")
    out = tmp_path / "out"
    made = make(tmp_path, out)
    assert made.returncode == 0, made.stderr
    lines = read(out / "targets.jsonl") + read(out / "heldout.jsonl")
    texts = {"".join(word + " " * space for word, space in zip(line["words"], line["spaces"])).strip(): line["from"] for line in lines}
    assert texts == {
        "We met our friends at the station.": "ewt",
        "The house was built in 1900. It didn't burn.": "wikisplit",
        "The village lies on a hill.": "wikitext2",
    }
    met = next(line for line in lines if "met" in line["words"])
    assert met["tags"][:2] == ["PRP", "VBD"]
    assert (out / "noisy.txt").read_text() == "thx for ur mail , i liked it\n"


def test_a_folder_without_texts_is_refused_with_what_belongs_there(tmp_path):
    made = make(tmp_path, tmp_path / "out")
    assert made.returncode != 0 and "README.md" in made.stderr
