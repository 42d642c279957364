"""riposte bench identity: guesses change no byte, with random weights and with a real model."""
import json
import pathlib
import signal
import subprocess
import time

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


def catches(process, number):
    """Whether a signal has a handler by now."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
    return int(caught, 16) >> (number - 1) & 1


def test_an_interrupt_ends_it_behind_a_group_and_tells_what_was_found(tiny, tmp_path):
    sentences = tmp_path / "sentences.txt"
    sentences.write_text("".join(f"Sentence number {i} .\n" for i in range(100_000)))
    process = subprocess.Popen([tiny.binary, "bench", "identity", "--model", "tiny", "--sentences", sentences, "--max-tokens", "8"],
                               stdout=subprocess.PIPE, env=tiny.environment)
    try:
        while not catches(process, signal.SIGINT):
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    told = out.decode()
    assert process.returncode == 0 and "\n0 of " in told, told
    done = int(told.rsplit("go on with --from ", 1)[1])
    assert done % 16 == 0 and f" {done} sentences" in told and done < 100_000
