"""riposte bench: the machine, the kernels, a step, a model, with settings so small that each takes moments."""
import json
import subprocess

import pytest

KERNELS = ["bench", "kernels", "--milliseconds", "1", "--inputs", "256", "--from", "cache"]
STEP = ["bench", "step", "--model", "tiny", "--repeats", "2"]


def told(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def assert_shares(figures):
    for one in figures:
        assert one["ceiling"] in ("memory", "cache", "int8") and one["ceiling_share"] > 0
        assert one["gb_per_second"] > 0 and one["gmac_per_second"] > 0


def test_the_machine_is_measured_once_and_again_on_demand(riposte):
    first = told(riposte("bench", "machine", "--json"))
    kept = riposte.home / "state/machine.json"
    assert json.loads(kept.read_text()) == first
    again = told(riposte("bench", "machine", "--json"))
    assert again["barrier_ns"] == pytest.approx(first["barrier_ns"], rel=1e-12)
    assert [rates["int8_gmac_per_second"] for rates in again["multiply"]] == [
        pytest.approx(rates["int8_gmac_per_second"], rel=1e-12) for rates in first["multiply"]]
    for rates in first["read_gb_per_second"].values():
        assert 0 < rates["one_thread"] <= rates["all_threads"]
    assert first["multiply"][-1]["instruction_set"] == "reference"
    # A file that others damaged costs no more than the measuring.
    kept.write_text(kept.read_text()[:-20])
    assert told(riposte("bench", "machine", "--json"))["processor"] == first["processor"]
    assert told(riposte("bench", "machine", "--fresh", "--json")) == json.loads(kept.read_text())


def test_adapters_are_timed_beside_each_other_and_change_no_byte(tiny, binary):
    adapters = []
    for name in "ab":
        path = tiny.home / f"{name}.gguf"
        subprocess.run([binary.parent / "write_tiny_model", path, "--adapter-of", tiny.home / "models/tiny.gguf", name.encode().hex()],
                       check=True)
        adapters += ["--adapter", f"{name}={path}"]
    command = ["bench", "adapters", "--model", "tiny", "--count", "2", "--repeats", "1", *adapters]
    figures = told(tiny(*command, "--json"))
    assert list(figures["alone_ms"]) == ["tiny", "a", "b"] and figures["sentences"] == 2
    assert figures["together_ms"] > 0 and figures["one_after_another_ms"] > 0
    assert (figures["answers"], figures["differing_answers"]) == (2 * 2 * 2 * 3, 0)
    assert "0 of 24 answers differ" in tiny(*command).stdout.decode()
    refused = tiny("bench", "adapters", "--model", "tiny")
    assert refused.returncode == 2 and b"--adapter" in refused.stderr


def test_the_machine_is_told_as_a_table(riposte):
    text = riposte("bench", "machine", "--threads", "1").stdout.decode()
    assert "1 threads" in text and "read memory" in text and "int8 reference" in text and "barrier" in text


def test_kernels_measures_the_formats_rows_and_sets_asked_for(riposte):
    figures = told(riposte(*KERNELS, "--formats", "Q4_0,Q6_K", "--rows", "1,20", "--instruction-set", "reference", "--json"))
    assert figures["inputs"] == 256
    assert [(one["format"], one["rows"]) for one in figures["products"]] == [("Q4_0", 1), ("Q4_0", 20), ("Q6_K", 1), ("Q6_K", 20)]
    assert all(one["instruction_set"] == "reference" and one["from"] == "cache" for one in figures["products"])
    assert_shares(figures["products"])


def test_kernels_knows_every_format_and_every_set(riposte):
    figures = told(riposte(*KERNELS, "--rows", "1", "--instruction-set", "all", "--json"))["products"]
    assert len({one["format"] for one in figures}) == 10
    sets = {one["instruction_set"] for one in told(riposte("bench", "machine", "--json"))["multiply"]}
    assert {one["instruction_set"] for one in figures} == sets


def test_kernels_measures_from_memory(riposte):
    text = riposte(*KERNELS[:-1], "memory", "--formats", "Q8_0", "--rows", "1").stdout.decode()
    assert "Q8_0" in text and "ns a panel" in text and " % of " in text


def test_a_step_is_measured_by_rows_and_parts(tiny):
    figures = told(tiny(*STEP, "--rows", "1,5", "--context", "20", "--parts", "--json"))
    assert figures["model"] == "tiny" and figures["context"] == 20 and figures["answers"] == "last"
    assert [step["rows"] for step in figures["steps"]] == [1, 5]
    assert_shares(figures["steps"])
    for step in figures["steps"]:
        times = step["milliseconds"]
        assert 0 < times["least"] <= times["median"] <= times["most"]
        assert step["tokens_per_second"] == pytest.approx(step["rows"] / times["median"] * 1e3)
        parts = step["part_milliseconds"]
        assert {"qkv", "attention", "down", "head"} <= set(parts)
        assert sum(parts.values()) <= 1.01 * times["most"]


def test_a_step_is_told_as_a_table(tiny):
    text = tiny(*STEP, "--rows", "3", "--answers", "--parts", "--threads", "1").stdout.decode()
    assert "every row answers" in text and "gate up" in text and "barriers" in text and " % of " in text


def test_a_step_that_does_not_fit_the_model_is_refused(tiny, error_line):
    done = tiny(*STEP, "--rows", "8", "--context", "600")
    assert done.returncode == 2 and "512" in error_line(done)


def test_a_step_of_an_unknown_model_or_set_is_refused(tiny, error_line):
    done = tiny("bench", "step", "--model", "gpt-17")
    assert done.returncode == 2 and "gpt-17" in error_line(done)
    done = tiny(*STEP, "--instruction-set", "mmx")
    assert done.returncode == 2 and "mmx" in error_line(done)


def test_figures_are_recorded_only_on_demand_one_line_each(tiny, tmp_path):
    folder = tmp_path / "results/new"
    for rows in ("1", "2"):
        assert tiny(*STEP, "--rows", rows, "--record", folder).returncode == 0
    [file] = folder.iterdir()
    first, second = map(json.loads, file.read_text().splitlines())
    assert file.suffix == ".jsonl" and file.stem.endswith("-" + str(first["machine"]["threads"]))
    assert first["machine"]["processor"] and first["date"].endswith("Z")
    assert first["command"].startswith("riposte bench step") and "--rows 1" in first["command"]
    assert [record["figures"]["steps"][0]["rows"] for record in (first, second)] == [1, 2]


def test_a_folder_that_cannot_be_written_is_named(tiny, tmp_path, error_line):
    (tmp_path / "file").write_text("in the way")
    done = tiny(*STEP, "--rows", "1", "--json", "--record", tmp_path / "file/results")
    assert done.returncode == 1 and "file/results" in error_line(done)


@pytest.mark.parametrize("command", [["bench", "model", "tiny"], ["bench", "tiny"]], ids=" ".join)
def test_a_model_is_measured_by_the_long_and_by_the_short_form(tiny, command):
    figures = told(tiny(*command, "--prefill", "4,8", "--decode", "3", "--repeats", "2", "--json"))
    assert set(figures["tokens_per_second"]) == {"prefill 4", "prefill 8", "decode 3"}
    assert all(rate > 0 for rate in figures["tokens_per_second"].values()) and figures["threads"] >= 1


@pytest.mark.parametrize("arguments", [["kernels", "--formats", "Q9"], ["kernels", "--inputs", "300"], ["step", "--rows", "0"],
                                       ["kernels", "--from", "disk"], ["machine", "--threads", "-1"], ["model", "a", "b"]],
                         ids=" ".join)
def test_wrong_options_are_one_line_and_status_2(riposte, error_line, arguments):
    done = riposte("bench", *arguments)
    assert done.returncode == 2 and "--help" in error_line(done)


def write_cases(folder):
    path = folder / "cases.jsonl"
    path.write_text("\n".join(json.dumps(case) for case in [
        {"source": "she walks , slowly .", "text": "She walks, slowly.", "finish_reason": "stop"},
        {"source": "She walk slowly home .", "text": "She walks slowly home.", "prompt_tokens": 30, "cached_tokens": 10},
        {"source": "nothing of it", "text": "Something else entirely was written here"},
        {"error": "a line that could not be rewritten"}]) + "\n")
    return path


def test_drafting_replays_recorded_answers(tiny, tmp_path):
    figures = told(tiny("bench", "drafting", "--model", "tiny", "--cases", write_cases(tmp_path), "--json"))
    assert figures["texts"] == 3 and sum(group["texts"] for group in figures["groups"]) == 3
    assert 1.0 < figures["tokens_per_pass"] <= figures["tokens"] / 3
    unchanged = figures["groups"][0]
    assert unchanged["edited"] == "unchanged" and unchanged["texts"] == 1
    assert unchanged["passes"] <= 2 and unchanged["origins"]["source"]["accepted"] >= unchanged["tokens"] - 2
    plain = told(tiny("bench", "drafting", "--model", "tiny", "--cases", write_cases(tmp_path), "--guesses", "0", "--json"))
    assert plain["tokens_per_pass"] == 1.0 and plain["origins"] == {}


def test_drafting_is_told_as_a_table(tiny, tmp_path):
    text = tiny("bench", "drafting", "--model", "tiny", "--cases", write_cases(tmp_path), "--calibration").stdout.decode()
    assert "tokens/pass" in text and "over 30 %" in text and "chance said" in text


def test_drafting_says_what_is_wrong_with_its_input(tiny, tmp_path):
    cases = tmp_path / "cases.jsonl"
    cases.write_text('{"source": "a", "text": "b"}\nnot json\n')
    done = tiny("bench", "drafting", "--model", "tiny", "--cases", cases)
    assert done.returncode != 0 and b"line 2" in done.stderr
    done = tiny("bench", "drafting", "--model", "tiny", "--cases", tmp_path / "none.jsonl")
    assert done.returncode != 0 and b"none.jsonl" in done.stderr
    done = tiny("bench", "drafting", "--model", "tiny", "--cases", write_cases(tmp_path), "--step-cost", "1:30,x")
    assert done.returncode == 2 and b"--step-cost" in done.stderr
