"""riposte rewrite --explain: where each token came from, on a terminal, in a pipe and as JSON."""
import json
import os
import pty
import re
import subprocess

TEXT = "She go to school every day."
REWRITE = ["rewrite", "--model", "tiny", "--instruction", "Repeat it."]


def on_a_terminal(tiny, *arguments, **environment):
    """What a terminal shows."""
    leader, follower = pty.openpty()
    process = subprocess.Popen([tiny.binary, *arguments], stdin=subprocess.DEVNULL, stdout=follower,
                               stderr=subprocess.PIPE, env={**tiny.environment, **environment})
    os.close(follower)
    shown = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:  # how Linux tells the end
            break
        if not part:
            break
        shown += part
    os.close(leader)
    assert process.wait(timeout=60) == 0
    return shown.decode(errors="replace").replace("\r\n", "\n")


def test_json_traces_the_whole_answer(tiny):
    answer = json.loads(tiny(*REWRITE, "--explain", "--json", TEXT).stdout)
    assert "".join(piece["text"] for piece in answer["trace"]).strip(" \t\r\n") == answer["text"]
    assert sum(piece["tokens"] for piece in answer["trace"]) == answer["output_tokens"]
    passes = [piece["pass"] for piece in answer["trace"]]
    assert passes == sorted(passes) and passes[0] >= 1 and passes[-1] <= answer["passes"]
    assert {piece["origin"] for piece in answer["trace"]} <= {"computed", "source", "history"}
    plain = json.loads(tiny(*REWRITE, "--json", TEXT).stdout)
    assert plain["text"] == answer["text"] and "trace" not in plain
    drafts = plain["drafts"].values()
    assert sum(counts["drafted"] for counts in drafts) == plain["drafted_tokens"]
    assert sum(counts["accepted"] for counts in drafts) == plain["accepted_tokens"]
    assert plain["tokens_per_pass"] == plain["output_tokens"] / plain["passes"]


def test_the_trace_of_a_paragraph_goes_on_from_sentence_to_sentence(tiny):
    answer = json.loads(tiny("rewrite", "--model", "tiny", "--explain", "--json", f"{TEXT}  {TEXT} It is far.").stdout)
    assert answer["sentences"] == 3
    assert sum(piece["tokens"] for piece in answer["trace"]) == answer["output_tokens"]
    passes = [piece["pass"] for piece in answer["trace"]]
    assert passes == sorted(passes) and passes[-1] <= answer["passes"]
    assert "".join("".join(piece["text"] for piece in answer["trace"]).split()) == "".join(answer["text"].split())


def test_marks_stand_for_colours_in_a_pipe(tiny):
    told = tiny(*REWRITE, "--explain", TEXT).stdout.decode()
    assert "\x1b" not in told
    assert re.search(r"\[marked\] +computed \(\d+\)\n", told)
    assert re.search(r"\d+ tokens in \d+ passes: \d+\.\d a pass", told)


def test_colours_and_a_staircase_on_a_terminal(tiny):
    shown = on_a_terminal(tiny, *REWRITE, "--explain", TEXT)
    assert "\x1b[1;38;5;215m" in shown and "pass " in shown and "■ computed" in shown
    assert "\x1b" not in on_a_terminal(tiny, *REWRITE, "--explain", TEXT, NO_COLOR="1")


def test_without_guesses_everything_is_computed(tiny):
    answer = json.loads(tiny(*REWRITE, "--explain", "--json", "--no-drafting", TEXT).stdout)
    assert {piece["origin"] for piece in answer["trace"]} == {"computed"}
    assert answer["drafts"] == {} and answer["drafted_tokens"] == 0
