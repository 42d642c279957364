"""What the suites share: the binary under test, a home of its own for each test, a tiny model."""
import json
import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TIMEOUT_SECONDS = 600  # for a program that hangs: a busy machine takes minutes for the longest


class Riposte:
    """The command, with RIPOSTE_HOME in a fresh folder."""

    def __init__(self, binary, home):
        self.binary, self.home = binary, home
        self.environment = {**os.environ, "RIPOSTE_HOME": str(home)}

    def __call__(self, *arguments, stdin=b"", **options):
        stdin = stdin.encode() if isinstance(stdin, str) else stdin
        environment = {**self.environment, **options.pop("environment", {})}
        return subprocess.run([self.binary, *map(str, arguments)], input=stdin, capture_output=True, env=environment,
                              timeout=TIMEOUT_SECONDS, **options)

    def json_lines(self, *arguments, cases):
        """Runs a filter of JSON lines."""
        done = self(*arguments, stdin="".join(json.dumps(case) + "\n" for case in cases))
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="session")
def binary():
    """The path of the command."""
    path = pathlib.Path(os.environ.get("RIPOSTE_BINARY", ROOT / "build/release/riposte"))
    if not path.is_file():
        pytest.fail(f"{path} is not built")
    return path


@pytest.fixture(scope="session")
def tiny_model_file(binary, tmp_path_factory):
    """A model file of a few hundred kilobytes with random weights and a chat template."""
    path = tmp_path_factory.mktemp("models") / "tiny.gguf"
    subprocess.run([binary.parent / "write_tiny_model", path, "qwen2"], check=True, timeout=TIMEOUT_SECONDS)
    return path


@pytest.fixture
def riposte(binary, tmp_path):
    """The command with an empty home."""
    return Riposte(binary, tmp_path / "home")


@pytest.fixture
def tiny(riposte, tiny_model_file):
    """The command with the tiny model in its home, under the name "tiny"."""
    models = riposte.home / "models"
    models.mkdir(parents=True)
    shutil.copy(tiny_model_file, models / "tiny.gguf")
    return riposte


def error_line(done):
    """Standard error, which must be one line of Riposte's own."""
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 1 and lines[0].startswith("riposte: "), done.stderr
    return lines[0]


@pytest.fixture(name="error_line")
def error_line_fixture():
    return error_line


SMOLLM2 = pathlib.Path(os.environ.get("RIPOSTE_HOME", pathlib.Path.home() / ".cache/riposte"),
                       "models/smollm2-135m-instruct-q4_1.gguf")


@pytest.fixture
def even_riposte(riposte):
    """The command where a step of 32 rows of SmolLM2 costs twice a step of one: what this machine measures, perhaps while others
    use it, would decide how much is guessed, and so how many passes an answer takes."""
    if not SMOLLM2.is_file():
        pytest.skip(f"there is no {SMOLLM2}: riposte pull smollm2")
    riposte("rewrite", "--model", SMOLLM2, "Short.")
    (kept,) = (riposte.home / "state/step-cost").glob("*.json")
    cost = json.loads(kept.read_text())
    cost["starts"] = 1000  # it is not measured again
    cost["steps"] = [{"rows": 1, "milliseconds": 10.0}, {"rows": 32, "milliseconds": 20.0}]
    kept.write_text(json.dumps(cost))
    return riposte
