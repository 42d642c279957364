"""Help, wrong usage, unknown names."""
import pytest

COMMANDS = [["rewrite"], ["serve"], ["pull"], ["info"], ["bench"], ["bench", "machine"], ["bench", "kernels"], ["bench", "step"],
            ["bench", "model"], ["debug"], ["debug", "tokenize"], ["debug", "detokenize"], ["debug", "render"],
            ["debug", "logits"], ["debug", "generate"]]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_subcommand_has_help_with_an_example_and_its_exit_statuses(riposte, command):
    done = riposte(*command, "--help")
    text = done.stdout.decode()
    assert done.returncode == 0 and done.stderr == b""
    assert "Example:\n" in text and "riposte " + command[0] in text.split("Example:")[1]
    assert "Exit status: 0" in text


def test_the_version_is_told(riposte):
    done = riposte("--version")
    assert done.returncode == 0 and done.stdout.startswith(b"riposte 0.")


@pytest.mark.parametrize("arguments", [[], ["sing"], ["rewrite", "--nonsense"], ["bench", "--repeats", "many"],
                                       ["debug"], ["rewrite", "--executor", "gpu", "x"], ["serve", "--port", "70000"]],
                         ids=" ".join)
def test_wrong_usage_is_one_line_and_status_2(riposte, error_line, arguments):
    done = riposte(*arguments)
    assert done.returncode == 2 and "--help" in error_line(done)


def test_an_unknown_model_lists_the_known_ones(riposte, error_line):
    done = riposte("rewrite", "--model", "gpt-17", "x")
    assert done.returncode == 2
    assert all(name in error_line(done) for name in ["gpt-17", "qwen", "smollm2", "gemma3"])


def test_a_known_model_that_is_absent_says_how_to_fetch_it(riposte, error_line):
    done = riposte("rewrite", "--model", "smollm2", "x")
    assert done.returncode == 2 and "riposte pull smollm2" in error_line(done)


def test_a_path_that_is_no_file_is_named(riposte, error_line, tmp_path):
    done = riposte("info", tmp_path / "absent.gguf")
    assert done.returncode == 2 and "absent.gguf" in error_line(done)


def test_an_unknown_preset_lists_the_known_ones(tiny, error_line):
    done = tiny("rewrite", "--model", "tiny", "--preset", "shouting", "x")
    assert done.returncode == 2
    assert "shouting" in error_line(done) and "grammar" in error_line(done)


def test_an_instruction_set_that_does_not_exist_is_named(tiny, error_line):
    done = tiny("rewrite", "--model", "tiny", "--instruction-set", "mmx", "x")
    assert done.returncode == 2 and "mmx" in error_line(done)


@pytest.mark.parametrize("kept", [0, 3, 4, 24, 200, 5000, 0.5, 0.999])
def test_a_truncated_model_is_an_error_not_a_crash(tiny, error_line, tiny_model_file, tmp_path, kept):
    whole = tiny_model_file.read_bytes()
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(whole[:kept if isinstance(kept, int) else int(len(whole) * kept)])
    for command in (["info", cut], ["rewrite", "--model", cut, "x"]):
        done = tiny(*command)
        assert done.returncode == 1 and "cut.gguf" in error_line(done)
