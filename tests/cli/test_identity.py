"""riposte bench identity: guesses change no byte, with random weights and with a real model."""
import json

from conftest import SMOLLM2


def identity(done):
    assert done.returncode == 0, done.stderr.decode()
    report = json.loads(done.stdout)
    assert report["differing_bytes"] == report["differing_answers"] == 0 and report["answers"] > 0
    return report


def test_random_weights_answer_the_same_in_every_way(tiny):
    report = identity(tiny("bench", "identity", "--model", "tiny", "--count", 3, "--max-tokens", 24, "--every-way",
                           "--json"))
    assert report["sentences"] == report["next"] == 3
    for way in report["ways"].values():
        assert way["alone"]["answers"] == way["crowd"]["answers"] == 3 * report["settings"]
    assert report["ways"]["scatter"]["alone"]["accepted"] > 0


def test_a_real_model_answers_the_same_with_guesses(even_riposte):
    report = identity(even_riposte("bench", "identity", "--model", SMOLLM2, "--max-tokens", 48, "--every-way", "--json"))
    for way in report["ways"].values():
        assert way["crowd"]["accepted"] > 0 and way["alone"]["passes"] < way["alone"]["tokens"]


def test_sentences_come_from_files_and_can_be_gone_on_with(tiny, tmp_path):
    sentences = tmp_path / "sentences.txt"
    sentences.write_text("One sentence .\n\nAnother one .\nThe third .\n")
    command = ["bench", "identity", "--model", "tiny", "--sentences", sentences, "--max-tokens", 8]
    report = identity(tiny(*command, "--from", 1, "--count", 1, "--json"))
    assert (report["from"], report["sentences"], report["next"]) == (1, 1, 2)
    told = tiny(*command).stdout.decode()
    assert "3 sentences" in told and "\n0 of " in told and "answers differ from plain decoding" in told
    in_turn = identity(tiny(*command, "--settings-in-turn", "--json"))
    assert in_turn["answers"] * 4 == identity(tiny(*command, "--json"))["answers"]
    nothing = tiny(*command, "--from", 3)
    assert nothing.returncode == 2 and b"no sentences" in nothing.stderr
    assert tiny("bench", "identity", "--model", "tiny", "--presets", "grammar,unknown").returncode == 2
    assert tiny("bench", "identity", "--model", "tiny", "--sentences", tmp_path / "none").returncode == 2
