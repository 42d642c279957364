"""One server of the real binary with a real model, shared by all tests with real clients.

RIPOSTE_TEST_MODEL names the model file; without it the small model of RIPOSTE_HOME (~/.cache/riposte) is taken.
RIPOSTE_BINARY names the program; without it build/release/riposte.
"""

import dataclasses
import os
import pathlib
import re
import selectors
import signal
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("RIPOSTE_BINARY", ROOT / "build/release/riposte"))
HOME = pathlib.Path(os.environ.get("RIPOSTE_HOME", pathlib.Path.home() / ".cache/riposte"))
MODEL = pathlib.Path(os.environ.get("RIPOSTE_TEST_MODEL", HOME / "models/smollm2-135m-instruct-q4_1.gguf"))


@dataclasses.dataclass
class Server:
    """A running `riposte serve`."""

    url: str  # http://127.0.0.1:PORT
    process: subprocess.Popen
    binary: pathlib.Path = BINARY
    model: pathlib.Path = MODEL

    @property
    def model_name(self):
        return self.model.stem


def wait_for_address(process, seconds=120):
    """The address that the server prints once it listens."""
    selector = selectors.DefaultSelector()
    selector.register(process.stdout, selectors.EVENT_READ)
    deadline = time.monotonic() + seconds
    printed = ""
    while time.monotonic() < deadline and process.poll() is None:
        if selector.select(timeout=0.5):
            printed += os.read(process.stdout.fileno(), 65536).decode()
            if match := re.search(r"https?://[\d.]+:\d+", printed):
                return match.group(0)
    raise AssertionError(f"the server did not start (exit status {process.poll()}): {printed}")


def serve(model, *options):
    """A server until the generator is closed, which must then stop in order."""
    if not BINARY.exists():
        pytest.skip(f"there is no {BINARY}: make build")
    command = [BINARY, "serve", "--model", model, "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        yield Server(wait_for_address(process), process, model=model)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0, "the server should stop in order"


def write_tiny_model(path):
    """A model file of a few hundred kilobytes with random weights."""
    writer = BINARY.parent / "write_tiny_model"
    if not writer.exists():
        pytest.skip(f"there is no {writer}: build the tests")
    subprocess.run([writer, path, "qwen2"], check=True, timeout=120)
    return path


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny.gguf")


@pytest.fixture(scope="session")
def server():
    if not MODEL.exists():
        pytest.skip(f"there is no {MODEL}: riposte pull smollm2")
    yield from serve(MODEL)


@pytest.fixture(scope="session")
def short_server(tiny_model):
    """A server of random weights whose answers end soon, for tests that ask much and read little."""
    yield from serve(tiny_model, "--context", "256", "--no-packed-cache")


@pytest.fixture(scope="module")
def client(server):
    """OpenAI's; files that test with another one have a fixture of their own."""
    openai = pytest.importorskip("openai")
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0, timeout=120)


@pytest.fixture(scope="module")
def model(client):
    return client.models.list().data[0].id
