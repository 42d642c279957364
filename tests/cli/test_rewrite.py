"""riposte rewrite with a tiny model: what it says is noise, but how it says it is not."""
import json
import os
import subprocess

from test_serve import post, serving

REWRITE = ["rewrite", "--model", "tiny"]


def test_there_is_one_line_out_for_each_line_in(tiny):
    done = tiny(*REWRITE, stdin="one two\n\nthree\r\nfour")
    lines = done.stdout.decode().split("\n")
    assert done.returncode == 0, done.stderr
    assert len(lines) == 5 and lines[1] == "" and lines[4] == ""


def test_a_line_gives_the_same_text_as_an_argument_and_as_a_file(tiny, tmp_path):
    (tmp_path / "in.txt").write_text("She go home.\n")
    texts = [tiny(*REWRITE, stdin="She go home.\n").stdout, tiny(*REWRITE, "She go home.").stdout,
             tiny(*REWRITE, "--file", tmp_path / "in.txt").stdout]
    assert texts[0] == texts[1] == texts[2] and texts[0].endswith(b"\n")


def test_an_answer_does_not_depend_on_threads_or_company(tiny):
    alone = tiny(*REWRITE, "--threads", "1", "She go home.").stdout
    after_others = tiny(*REWRITE, "--threads", "2", "He come back.", "She go home.").stdout
    assert after_others.splitlines(keepends=True)[-1] == alone


def test_json_tells_text_and_counts(tiny):
    done = tiny(*REWRITE, "--json", "She go home.")
    told = json.loads(done.stdout)
    assert told["source"] == "She go home." and told["preset"] == "grammar" and told["model"] == "tiny"
    assert told["finish_reason"] in ("stop", "length") and told["prompt_tokens"] > 10
    assert isinstance(told["text"], str) and told["total_ms"] > 0


def test_the_instruction_is_computed_once(tiny):
    texts = ["She go home.", "They goes home."]
    first, second = map(json.loads, tiny(*REWRITE, "--json", "--no-pinned-preset", *texts).stdout.splitlines())
    assert first["cached_tokens"] == 0 and second["cached_tokens"] > 0
    assert not (tiny.home / "state/snapshots").exists()


def test_the_next_start_finds_the_instruction_computed(tiny):
    def computed(*options):
        told = json.loads(tiny(*REWRITE, "--json", *options, "She go home.").stdout)
        return told["prompt_tokens"] - told["cached_tokens"], told["text"]

    # It is kept once somebody had time for it: a process that ends at once may not.
    kept = tiny.home / "state/snapshots"
    for _ in range(10):
        first = computed()
        if list(kept.glob("*.kv")):
            break
    fresh, text = computed("--no-pinned-preset")
    again, same = computed()
    assert again < fresh / 2 and same == text == first[1], "the instruction is most of such a prompt"
    assert len(list(kept.glob("*.kv"))) == 1
    computed("--preset", "formal")
    computed("--instruction", "Say it in one word.")
    assert len(list(kept.glob("*.kv"))) <= 2, "a file for each preset, none for an instruction of one's own"


def test_an_own_instruction_changes_the_prompt(tiny):
    done = tiny(*REWRITE, "--json", "--instruction", "Say it in one word.", "She go home.")
    assert json.loads(done.stdout)["preset"] == "instruction"


def test_time_goes_to_standard_error(tiny):
    done = tiny(*REWRITE, "--time", "She go home.")
    assert b" ms, " in done.stderr and b" ms, " not in done.stdout


def told(tiny, *arguments):
    done = tiny(*REWRITE, "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_each_sentence_of_a_paragraph_is_rewritten_for_itself_and_the_spacing_is_kept(tiny):
    sentences = ["She go home.", "Dr. Who come back (at 3 p.m.)!", "He were late."]
    alone = [told(tiny, sentence)["text"] for sentence in sentences]
    spacing = [" ", "  ", "\n\n\t", "\n"]
    source = "".join(space + sentence for space, sentence in zip(spacing, sentences)) + spacing[-1]
    expected = "".join(space + answer for space, answer in zip(spacing, alone)) + spacing[-1]
    together = told(tiny, source)
    assert together["sentences"] == 3 and together["text"] == expected and together["source"] == source


def test_a_text_may_be_rewritten_as_a_whole(tiny):
    text = "She go home. He come back."
    whole, split = told(tiny, "--split", "none", text), told(tiny, "--split", "sentences", text)
    assert (whole["sentences"], split["sentences"]) == (1, 2) and whole["text"] != split["text"]
    assert told(tiny, text)["text"] == split["text"], "so says the preset"
    assert told(tiny, "--preset", "shorten", text)["sentences"] == 1
    assert tiny(*REWRITE, "--split", "words", text).returncode == 2


def test_somebody_elses_words_stay(tiny):
    quoted = "> She go home. He come back.\n"
    assert told(tiny, quoted + "It were late.")["text"] == quoted + told(tiny, "It were late.")["text"]
    assert told(tiny, "--lean", "none", quoted + "It were late.")["sentences"] == 3


def test_the_command_line_and_a_server_give_the_same_text(tiny):
    text = "  She go home. He come back!\n\nIt were late in 1999, said J. Smith.\n-- \nJ. Smith"
    with serving(tiny, "--model", "tiny") as address:
        for split in "sentences", "none":
            assert post(address, "/v1/rewrite", {"text": text, "split": split})["text"] == told(tiny, "--split", split, text)["text"]


def test_an_empty_argument_is_refused(tiny, error_line):
    done = tiny(*REWRITE, "")
    assert done.returncode == 2 and "empty" in error_line(done) and done.stdout == b""


def test_no_input_at_all_gives_no_output(tiny):
    done = tiny(*REWRITE, stdin=b"")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_sentence_of_a_megabyte_is_refused_and_the_next_one_answered(tiny):
    long_line = b"word " * 200_000
    done = tiny(*REWRITE, "--json", stdin=long_line + b"\nShe go home.\n")
    refused, answered = map(json.loads, done.stdout.splitlines())
    assert done.returncode == 2 and done.stderr.startswith(b"riposte: line 1: ")
    assert refused["source"].encode() == long_line and "context" in refused["error"]
    assert answered["source"] == "She go home." and "text" in answered


def test_bytes_that_are_not_utf8_are_named_and_copied(tiny):
    done = tiny(*REWRITE, stdin=b"good\nbad \xff\xfe\ngood\n")
    lines = done.stdout.split(b"\n")
    assert done.returncode == 2 and b"line 2: the text is not UTF-8: byte 5 is 0xff" in done.stderr
    assert lines[1] == b"bad \xff\xfe" and lines[0] == lines[2]


def test_a_blank_line_is_its_own_answer_in_json_too(tiny):
    done = tiny(*REWRITE, "--json", stdin="\nShe go home.\n")
    blank, answered = map(json.loads, done.stdout.splitlines())
    assert done.returncode == 0 and blank == {"source": "", "text": ""} and answered["source"] == "She go home."


def test_a_line_beyond_the_limit_of_lines_is_skipped(tiny):
    done = tiny(*REWRITE, "--json", stdin=b"x" * (16 << 20) + b"x\nShe go home.\n")
    skipped, answered = map(json.loads, done.stdout.splitlines())
    assert done.returncode == 2 and "16 MiB" in skipped["error"] and answered["source"] == "She go home."


def test_bytes_that_are_not_utf8_leave_json_whole(tiny):
    done = tiny(*REWRITE, "--json", stdin=b"bad \xff\n")
    told = json.loads(done.stdout.decode("utf-8"))
    assert "not UTF-8" in told["error"] and "source" not in told


def test_a_broken_pipe_ends_quietly_and_not_with_success(tiny):
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.Popen([tiny.binary, *REWRITE], stdin=subprocess.PIPE, stdout=writer, stderr=subprocess.PIPE,
                               env=tiny.environment)
    os.close(writer)
    _, errors = process.communicate(b"one\ntwo\nthree\n", timeout=120)
    assert process.returncode != 0 and errors == b""


def test_a_full_disk_is_an_error(tiny, error_line):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([tiny.binary, *REWRITE, "--json", "She go home."], stdout=full, stderr=subprocess.PIPE,
                              env=tiny.environment, timeout=120)
    assert done.returncode == 1 and "No space left" in error_line(done)
